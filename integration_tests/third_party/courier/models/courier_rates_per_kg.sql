{{ config(materialized='view') }}

select
    zone,
    max_weight_grams,
    price_eur,
    cast(round(price_eur * 1000 / max_weight_grams, 2) as decimal(18, 2)) as price_per_kg_eur
from {{ ref('courier_rates') }}
