with daily as (

    select sum(net_revenue_eur) as net_revenue_eur from {{ ref('fct_daily_revenue') }}

),

lines as (

    select sum(net_amount_eur) as net_amount_eur from {{ ref('fct_order_lines') }}

)

select *
from daily
cross join lines
where daily.net_revenue_eur is distinct from lines.net_amount_eur
