select
    dbt_scd_id as customer_address_id,
    customer_id,
    street_address,
    postcode,
    city,
    country_code,
    dbt_valid_from as valid_from,
    dbt_valid_to as valid_to,
    dbt_valid_to is null as is_current
from {{ ref('customers_snapshot') }}
