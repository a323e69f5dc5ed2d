with source as (

    select * from {{ source('shop', 'products') }}

)

select
    product_id,
    trim(product_name) as product_name,
    category,
    {{ cents_to_amount('list_price_cents') }} as list_price_eur,
    {{ cents_to_amount('unit_cost_cents') }} as unit_cost_eur,
    weight_grams,
    is_active,
    updated_at
from source
