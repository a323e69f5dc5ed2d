select
    product_id,
    product_name,
    category,
    list_price_eur,
    unit_cost_eur,
    list_price_eur - unit_cost_eur as unit_margin_eur,
    weight_grams,
    is_active
from {{ ref('stg_products') }}
