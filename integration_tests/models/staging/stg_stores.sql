with source as (

    select * from {{ source('shop', 'stores') }}

)

select
    store_id,
    store_name,
    city,
    country_code,
    opened_on
from source
