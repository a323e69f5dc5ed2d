{{ config(materialized='ephemeral') }}

select
    order_id,
    count(*) as parcel_count,
    cast(sum(shipping_cost_eur) as decimal(18, 2)) as shipping_cost_eur,
    min(shipped_at) as first_shipped_at,
    -- Not delivered until every parcel is.
    case when count(*) = count(delivered_at) then max(delivered_at) end as delivered_at
from {{ ref('stg_shipments') }}
group by order_id
