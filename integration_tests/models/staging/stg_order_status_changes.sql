with source as (

    select * from {{ source('shop', 'orders') }}

)

select
    order_id || '-' || status as order_status_change_id,
    order_id,
    status,
    updated_at as changed_at
from source
