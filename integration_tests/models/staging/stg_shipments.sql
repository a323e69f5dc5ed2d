with source as (

    select * from {{ source('shop', 'shipments') }}

)

select
    shipment_id,
    order_id,
    parcel_number,
    -- The carriers' own systems do not agree on how to write their names.
    'Carrier ' || upper(right(trim(carrier), 1)) as carrier,
    destination_country_code,
    {{ cents_to_amount('cost_cents') }} as shipping_cost_eur,
    shipped_at,
    delivered_at
from source
