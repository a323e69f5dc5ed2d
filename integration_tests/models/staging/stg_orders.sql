with source as (

    select * from {{ source('shop', 'orders') }}

),

-- The source has one row for each change of status.
numbered as (

    select
        *,
        row_number() over (partition by order_id order by updated_at desc) as recency
    from source

)

select
    order_id,
    customer_id,
    store_id,
    case when store_id is null then 'web' else 'store' end as sales_channel,
    currency_code,
    status as order_status,
    ordered_at,
    updated_at
from numbered
where recency = 1
