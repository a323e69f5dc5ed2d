select
    payment_id,
    order_id,
    payment_type,
    payment_method,
    currency_code,
    amount,
    amount_eur,
    fee_eur,
    case when payment_type = 'refund' then -amount_eur else amount_eur end - fee_eur as cash_effect_eur,
    paid_at
from {{ ref('int_payments_with_fees') }}
