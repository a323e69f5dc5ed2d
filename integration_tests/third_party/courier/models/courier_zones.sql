{{ config(materialized='table') }}

select
    zone,
    count(*) as rate_count,
    min(price_per_kg_eur) as lowest_price_per_kg_eur
from {{ ref('courier_rates_per_kg') }}
group by zone
