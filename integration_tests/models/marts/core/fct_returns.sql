with order_lines as (

    select * from {{ ref('int_order_lines_priced') }}
    where is_returned

),

order_milestones as (

    select * from {{ ref('int_order_milestones') }}

)

select
    order_lines.order_line_id,
    order_lines.order_id,
    order_lines.product_id,
    order_lines.customer_id,
    order_lines.returned_quantity,
    order_lines.gross_amount_eur as returned_amount_eur,
    order_milestones.returned_at,
    {{ dbt.datediff('order_milestones.delivered_at', 'order_milestones.returned_at', 'day') }} as days_until_return
from order_lines
inner join order_milestones on order_lines.order_id = order_milestones.order_id
