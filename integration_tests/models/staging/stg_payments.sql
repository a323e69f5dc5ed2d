with source as (

    select * from {{ source('shop', 'payments') }}

)

select
    payment_id,
    order_id,
    payment_type,
    payment_status,
    payment_method,
    currency_code,
    {{ cents_to_amount('amount_cents') }} as amount,
    paid_at
from source
