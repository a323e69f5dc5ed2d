with stores as (

    select * from {{ ref('stg_stores') }}

),

countries as (

    select * from {{ ref('countries') }}

)

select
    stores.store_id,
    stores.store_name,
    stores.city,
    stores.country_code,
    countries.country_name,
    countries.currency_code,
    stores.opened_on
from stores
inner join countries on stores.country_code = countries.country_code
