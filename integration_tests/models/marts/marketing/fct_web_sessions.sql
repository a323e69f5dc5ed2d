with sessions as (

    select * from {{ ref('int_web_sessions') }}

)

select
    web_session_id,
    visitor_id,
    customer_id,
    channel,
    started_at,
    cast(started_at as date) as started_on,
    {{ dbt.datediff('started_at', 'ended_at', 'second') }} as duration_seconds,
    event_count,
    product_count,
    case
        when has_purchase then 'purchase'
        when has_cart then 'cart'
        else 'visit'
    end as furthest_step
from sessions
