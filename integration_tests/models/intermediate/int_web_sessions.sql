{{ config(materialized='table') }}

{% set idle_minutes = var('web_session_idle_minutes', 30) %}

with events as (

    select
        *,
        lag(occurred_at) over (partition by visitor_id order by occurred_at, event_id) as previous_event_at
    from {{ ref('stg_web_events') }}

),

starts as (

    select
        *,
        case
            when previous_event_at is null then 1
            when occurred_at > previous_event_at + interval '{{ idle_minutes }} minutes' then 1
            else 0
        end as starts_session
    from events

),

numbered as (

    select
        *,
        sum(starts_session) over (
            partition by visitor_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from starts

)

select
    visitor_id || '-' || cast(session_number as bigint) as web_session_id,
    visitor_id,
    max(customer_id) as customer_id,
    max(case when starts_session = 1 then channel end) as channel,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    count(*) as event_count,
    count(distinct product_id) as product_count,
    bool_or(event_type = 'add_to_cart') as has_cart,
    bool_or(event_type = 'purchase') as has_purchase
from numbered
group by visitor_id, session_number
