with orders as (

    select * from {{ ref('stg_orders') }}
    where order_status <> 'cancelled'

),

order_totals as (

    select * from {{ ref('int_order_totals') }}

)

select
    orders.customer_id,
    count(*) as order_count,
    cast(min(orders.ordered_at) as date) as first_ordered_on,
    cast(max(orders.ordered_at) as date) as last_ordered_on,
    cast(sum(order_totals.gross_amount_eur) as decimal(18, 2)) as gross_amount_eur,
    cast(sum(order_totals.returned_item_count) as bigint) as returned_item_count
from orders
inner join order_totals on orders.order_id = order_totals.order_id
group by orders.customer_id
