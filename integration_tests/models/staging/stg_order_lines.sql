with source as (

    select * from {{ source('shop', 'order_lines') }}

)

select
    order_line_id,
    order_id,
    line_number,
    product_id,
    quantity,
    returned_quantity,
    {{ cents_to_amount('unit_price_cents') }} as unit_price,
    {{ cents_to_amount('discount_cents') }} as discount_amount,
    loaded_at
from source
