select
    product_id,
    count(distinct order_id) as order_count,
    cast(sum(quantity) as bigint) as sold_quantity,
    cast(sum(returned_quantity) as bigint) as returned_quantity,
    cast(sum(net_amount_eur) as decimal(18, 2)) as net_amount_eur,
    cast(sum(margin_eur) as decimal(18, 2)) as margin_eur
from {{ ref('int_order_lines_priced') }}
where is_sale
group by product_id
