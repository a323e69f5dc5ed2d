with shipments as (

    select * from {{ ref('stg_shipments') }}

),

order_parcels as (

    select * from {{ ref('int_order_parcels') }}

)

select
    shipments.shipment_id,
    shipments.order_id,
    shipments.carrier,
    shipments.destination_country_code,
    shipments.shipping_cost_eur,
    shipments.shipped_at,
    shipments.delivered_at,
    order_parcels.parcel_count,
    {{ dbt.datediff('shipments.shipped_at', 'shipments.delivered_at', 'hour') }} as hours_in_transit,
    order_parcels.delivered_at is not null as is_order_complete
from shipments
inner join order_parcels on shipments.order_id = order_parcels.order_id
