with dates as (

    select * from {{ ref('dim_dates') }}

),

orders as (

    select
        dates.month_start,
        count(*) as order_count,
        count(distinct orders.customer_id) as customer_count,
        cast(sum(orders.gross_amount_eur) as decimal(18, 2)) as gross_revenue_eur,
        cast(sum(orders.refunded_amount_eur) as decimal(18, 2)) as refunded_eur,
        cast(sum(orders.margin_eur - orders.fee_eur) as decimal(18, 2)) as margin_after_fees_eur
    from {{ ref('fct_orders') }} as orders
    inner join dates on orders.ordered_on = dates.date_day
    where orders.order_status <> 'cancelled'
    group by dates.month_start

),

sessions as (

    select
        dates.month_start,
        count(*) as web_session_count,
        count(case when sessions.furthest_step = 'purchase' then 1 end) as purchase_session_count
    from {{ ref('fct_web_sessions') }} as sessions
    inner join dates on sessions.started_on = dates.date_day
    group by dates.month_start

)

select
    orders.month_start,
    orders.order_count,
    orders.customer_count,
    orders.gross_revenue_eur,
    orders.refunded_eur,
    orders.margin_after_fees_eur,
    coalesce(sessions.web_session_count, 0) as web_session_count,
    cast(
        round(1.0 * sessions.purchase_session_count / sessions.web_session_count, 4) as decimal(5, 4)
    ) as purchase_rate
from orders
left join sessions on orders.month_start = sessions.month_start
