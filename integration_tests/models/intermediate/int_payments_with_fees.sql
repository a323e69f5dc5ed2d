{{ config(materialized='ephemeral') }}

with payments as (

    select * from {{ ref('stg_payments') }}
    where payment_status = 'succeeded'

),

payment_fees as (

    select * from {{ ref('payment_fees') }}

),

exchange_rates as (

    select * from {{ ref('exchange_rates') }}

),

in_eur as (

    select
        payments.*,
        {{ to_eur('payments.amount', 'exchange_rates.eur_per_unit') }} as amount_eur
    from payments
    inner join exchange_rates on payments.currency_code = exchange_rates.currency_code

)

select
    in_eur.*,
    -- Providers charge for money that comes in and keep the fee when it goes back.
    case
        when in_eur.payment_type = 'charge'
            then payment_fees.fixed_fee_eur + {{ to_eur('in_eur.amount_eur', 'payment_fees.fee_rate') }}
        else 0
    end as fee_eur
from in_eur
inner join payment_fees on in_eur.payment_method = payment_fees.payment_method
