{{ config(materialized='table') }}
select ripe.tree_id, ripe.trees_at, ripe.apples_at, prices.price
from {{ ref('ripe') }} as ripe cross join {{ ref('prices') }} as prices
