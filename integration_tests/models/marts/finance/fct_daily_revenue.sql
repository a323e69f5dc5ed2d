with order_lines as (

    select * from {{ ref('int_order_lines_priced') }}
    where is_sale

)

select
    ordered_on as revenue_date,
    sales_channel,
    cast(count(distinct order_id) as bigint) as order_count,
    cast(sum(quantity) as bigint) as item_count,
    cast(sum(gross_amount_eur) as decimal(18, 2)) as gross_revenue_eur,
    cast(sum(net_amount_eur) as decimal(18, 2)) as net_revenue_eur,
    cast(sum(case when is_returned then net_amount_eur else 0 end) as decimal(18, 2)) as returned_revenue_eur
from order_lines
group by ordered_on, sales_channel
