{{ config(materialized='table') }}

with order_lines as (

    select * from {{ ref('stg_order_lines') }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

products as (

    select * from {{ ref('stg_products') }}

),

countries as (

    select * from {{ ref('countries') }}

),

exchange_rates as (

    select * from {{ ref('exchange_rates') }}

),

priced as (

    select
        order_lines.order_line_id,
        order_lines.order_id,
        order_lines.line_number,
        order_lines.product_id,
        orders.customer_id,
        orders.store_id,
        orders.sales_channel,
        orders.order_status,
        cast(orders.ordered_at as date) as ordered_on,
        order_lines.quantity,
        order_lines.returned_quantity,
        countries.vat_rate,
        {{ to_eur(
            'order_lines.quantity * order_lines.unit_price - order_lines.discount_amount',
            'exchange_rates.eur_per_unit'
        ) }} as gross_amount_eur,
        {{ to_eur('order_lines.discount_amount', 'exchange_rates.eur_per_unit') }} as discount_amount_eur,
        cast(order_lines.quantity * products.unit_cost_eur as decimal(18, 2)) as cost_eur
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    inner join customers on orders.customer_id = customers.customer_id
    inner join products on order_lines.product_id = products.product_id
    inner join countries on customers.country_code = countries.country_code
    inner join exchange_rates on orders.currency_code = exchange_rates.currency_code

),

taxed as (

    select
        *,
        -- Consumer prices include VAT.
        cast(round(gross_amount_eur / (1 + vat_rate), 2) as decimal(18, 2)) as net_amount_eur
    from priced

)

select
    order_line_id,
    order_id,
    line_number,
    product_id,
    customer_id,
    store_id,
    sales_channel,
    order_status,
    ordered_on,
    quantity,
    returned_quantity,
    gross_amount_eur,
    discount_amount_eur,
    net_amount_eur,
    gross_amount_eur - net_amount_eur as vat_amount_eur,
    cost_eur,
    net_amount_eur - cost_eur as margin_eur,
    order_status <> 'cancelled' as is_sale,
    returned_quantity > 0 as is_returned
from taxed
