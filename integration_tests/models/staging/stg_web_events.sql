with source as (

    select * from {{ source('shop', 'web_events') }}

),

-- The collector delivers at least once: the first copy of an event wins.
deduplicated as (

    select *
    from source
    qualify row_number() over (partition by event_id order by loaded_at) = 1

)

select
    event_id,
    visitor_id,
    customer_id,
    event_type,
    product_id,
    channel,
    occurred_at
from deduplicated
