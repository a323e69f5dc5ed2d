{{ config(materialized='table') }}

select
    order_id,
    cast(sum(case when payment_type = 'charge' then amount else 0 end) as decimal(18, 2)) as charged_amount,
    cast(sum(case when payment_type = 'charge' then amount_eur else 0 end) as decimal(18, 2)) as charged_amount_eur,
    cast(sum(case when payment_type = 'refund' then amount_eur else 0 end) as decimal(18, 2)) as refunded_amount_eur,
    cast(sum(fee_eur) as decimal(18, 2)) as fee_eur,
    max(paid_at) as last_paid_at
from {{ ref('int_payments_with_fees') }}
group by order_id
