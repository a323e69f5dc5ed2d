with source as (

    select * from {{ source('shop', 'web_events') }}

),

-- The collector delivers at least once: the first copy of an event wins.
numbered as (

    select
        *,
        row_number() over (partition by event_id order by loaded_at) as copy_number
    from source

)

select
    event_id,
    visitor_id,
    customer_id,
    event_type,
    product_id,
    channel,
    occurred_at
from numbered
where copy_number = 1
