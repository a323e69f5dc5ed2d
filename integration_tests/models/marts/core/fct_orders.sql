{{
    config(
        materialized='incremental',
        unique_key='order_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns'
    )
}}

with orders as (

    select * from {{ ref('stg_orders') }}

),

order_totals as (

    select * from {{ ref('int_order_totals') }}

),

order_payments as (

    select * from {{ ref('int_order_payments') }}

),

order_milestones as (

    select * from {{ ref('int_order_milestones') }}

),

joined as (

    select
        orders.order_id,
        orders.customer_id,
        orders.store_id,
        orders.sales_channel,
        orders.order_status,
        orders.ordered_at,
        cast(orders.ordered_at as date) as ordered_on,
        order_milestones.shipped_at,
        order_milestones.delivered_at,
        order_totals.item_count,
        order_totals.gross_amount_eur,
        order_totals.discount_amount_eur,
        order_totals.net_amount_eur,
        order_totals.margin_eur,
        coalesce(order_payments.charged_amount_eur, 0) as charged_amount_eur,
        coalesce(order_payments.refunded_amount_eur, 0) as refunded_amount_eur,
        coalesce(order_payments.fee_eur, 0) as fee_eur,
        -- Refunds come after the last change of status.
        greatest(orders.updated_at, coalesce(order_payments.last_paid_at, orders.updated_at)) as changed_at
    from orders
    inner join order_totals on orders.order_id = order_totals.order_id
    inner join order_milestones on orders.order_id = order_milestones.order_id
    left join order_payments on orders.order_id = order_payments.order_id

)

select * from joined
{% if is_incremental() %}
where changed_at > (select coalesce(max(changed_at), timestamp '1970-01-01') from {{ this }})
{% endif %}
