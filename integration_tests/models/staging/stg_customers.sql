with source as (

    select * from {{ source('shop', 'customers') }}

)

select
    customer_id,
    trim(customer_name) as customer_name,
    lower(trim(email)) as email,
    phone,
    street_address,
    postcode,
    city,
    country_code,
    accepts_marketing,
    cast(created_at as date) as registered_on,
    updated_at
from source
