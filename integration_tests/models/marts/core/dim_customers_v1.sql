select
    customer_id,
    customer_name as name,
    email,
    phone,
    country_code as country,
    registered_on
from {{ ref('stg_customers') }}
