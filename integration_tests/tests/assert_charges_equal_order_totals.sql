with orders as (

    select * from {{ ref('fct_orders') }}
    where charged_amount_eur > 0

),

order_totals as (

    select * from {{ ref('int_order_totals') }}

)

select
    orders.order_id,
    orders.charged_amount_eur,
    order_totals.gross_amount_eur
from orders
inner join order_totals on orders.order_id = order_totals.order_id
where abs(orders.charged_amount_eur - order_totals.gross_amount_eur) > 0.01 * (order_totals.order_line_count + 1)
