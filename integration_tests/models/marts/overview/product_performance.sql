with products as (

    select * from {{ ref('dim_products') }}

),

product_sales as (

    select * from {{ ref('int_product_sales') }}

)

select
    products.product_id,
    products.product_name,
    products.category,
    coalesce(product_sales.sold_quantity, 0) as sold_quantity,
    coalesce(product_sales.returned_quantity, 0) as returned_quantity,
    coalesce(product_sales.net_amount_eur, 0) as net_revenue_eur,
    coalesce(product_sales.margin_eur, 0) as margin_eur,
    rank() over (
        partition by products.category
        order by coalesce(product_sales.net_amount_eur, 0) desc, products.product_id
    ) as rank_in_category
from products
left join product_sales on products.product_id = product_sales.product_id
