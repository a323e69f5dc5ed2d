{% macro generate_raw(order_lines=2000, days=270) %}

{%- set raw = adapter.quote(target.database) ~ '.raw' -%}
{%- set epoch = "timestamp '2026-01-01 00:00:00'" -%}
{%- set horizon = epoch ~ " + interval '" ~ days ~ " days'" -%}

{#- Four orders have ten lines: 1 + 2 + 3 + 4. Rates and sizes come from the first 270 days, so that more
    days add rows and status changes, and leave the rest as it was. -#}
{%- set base_blocks = [order_lines // 10, 1] | max -%}
{%- set orders = [base_blocks * days // 270, 1] | max * 4 -%}
{%- set seconds_per_order = 270 * 86400 // (base_blocks * 4) -%}
{%- set customers = [order_lines // 20, 20] | max -%}
{%- set products = [[order_lines // 50, 40] | max, 2000] | min -%}
{%- set stores = [[order_lines // 10000, 8] | max, 60] | min -%}
{%- set visitors = [order_lines // 4, 20] | max -%}
{%- set base_sessions = [order_lines * 4 // 10, 4] | max -%}
{%- set sessions = base_sessions * days // 270 -%}
{%- set seconds_per_session = 270 * 86400 // base_sessions -%}
{%- set countries = "['AT', 'BE', 'DE', 'FR', 'GB', 'NL', 'SE', 'US']" -%}

{% do run_query('create schema if not exists ' ~ raw) %}

{% set customers_sql %}
create or replace table {{ raw }}.customers as
with drawn as (
    select
        range as customer_id,
        {{ epoch }} - to_days(cast(1 + {{ noise('range', 3, 700) }} as integer)) as created_at,
        case
            when range % 5 = 3 and {{ noise('range', 7, 400) }} < {{ days }}
                then {{ epoch }} + to_days(cast({{ noise('range', 7, 400) }} as integer)) + interval '9 hours'
        end as moved_at
    from range(1, {{ customers + 1 }})
)

select
    customer_id,
    'Customer ' || customer_id || case when customer_id % 23 = 7 then '  ' else '' end as customer_name,
    case
        when customer_id % 37 = 0 then null
        when customer_id % 29 = 3 then 'CUSTOMER' || customer_id || '@EXAMPLE.COM'
        else 'customer' || customer_id || '@example.com'
    end as email,
    '+00 555 ' || lpad(cast(customer_id as varchar), 7, '0') as phone,
    case
        when moved_at is null then (1 + customer_id % 90) || ' Example Street'
        else (1 + customer_id % 70) || ' Sample Road'
    end as street_address,
    lpad(cast(10000 + {{ noise('customer_id', 5, 80000) }} as varchar), 5, '0') as postcode,
    'City ' || (1 + {{ noise('customer_id', 11, 40) }}) as city,
    {{ countries }}[1 + {{ noise('customer_id', 13, 8) }}] as country_code,
    {{ noise('customer_id', 17, 10) }} < 6 as accepts_marketing,
    created_at,
    coalesce(moved_at, created_at) as updated_at,
    coalesce(moved_at, created_at) + interval '1 hour' as loaded_at
from drawn
{% endset %}

{% set products_sql %}
create or replace table {{ raw }}.products as
select
    range as product_id,
    'Product ' || range || case when range % 9 = 4 then ' ' else '' end as product_name,
    ['garden', 'kitchen', 'office', 'outdoor', 'toys', 'travel'][1 + {{ noise('range', 19, 6) }}] as category,
    500 + {{ noise('range', 23, 9500) }} as list_price_cents,
    (500 + {{ noise('range', 23, 9500) }}) * (45 + {{ noise('range', 29, 30) }}) // 100 as unit_cost_cents,
    50 + {{ noise('range', 31, 4950) }} as weight_grams,
    range % 17 <> 0 as is_active,
    {{ epoch }} - to_days(cast({{ noise('range', 37, 300) }} as integer)) as updated_at,
    {{ epoch }} - to_days(cast({{ noise('range', 37, 300) }} as integer)) + interval '1 hour' as loaded_at
from range(1, {{ products + 1 }})
{% endset %}

{% set stores_sql %}
create or replace table {{ raw }}.stores as
select
    range as store_id,
    'Store ' || range as store_name,
    'City ' || (1 + {{ noise('range', 41, 40) }}) as city,
    {{ countries }}[1 + (range - 1) % 8] as country_code,
    cast({{ epoch }} - to_days(cast(200 + {{ noise('range', 43, 2000) }} as integer)) as date) as opened_on,
    {{ epoch }} - to_days(cast({{ noise('range', 47, 100) }} as integer)) as loaded_at
from range(1, {{ stores + 1 }})
{% endset %}

{# What becomes of each order; a step that lies after the last loaded day has not happened yet. #}
{% set order_plan_sql %}
create or replace temporary table order_plan as
with drawn as (
    select
        range as n,
        range + 1 as order_id,
        -- The smaller of two draws: some customers order often, some never.
        1 + least({{ noise('range', 53, customers) }}, {{ noise('range', 59, customers) }}) as customer_id,
        case when {{ noise('range', 61, 10) }} < 4 then 1 + {{ noise('range', 67, stores) }} end as store_id,
        {{ epoch }} + to_seconds(range * {{ seconds_per_order }} + {{ noise('range', 71, seconds_per_order) }})
            as placed_at
    from range({{ orders }})
),

paid as (
    select
        *,
        placed_at + to_minutes(case when store_id is null then 1 + {{ noise('n', 73, 90) }} else 1 end) as paid_at,
        store_id is null and {{ noise('n', 79, 100) }} < 4 as is_cancelled,
        {{ noise('n', 83, 100) }} < 6 as is_returned
    from drawn
),

shipped as (
    select
        *,
        case when is_cancelled then paid_at + to_hours(1 + {{ noise('n', 89, 10) }}) end as cancelled_at,
        case
            when store_id is null and not is_cancelled then paid_at + to_hours(12 + {{ noise('n', 97, 48) }})
        end as shipped_at
    from paid
),

delivered as (
    select
        *,
        case
            when store_id is not null then paid_at + interval '1 minute'
            else shipped_at + to_hours(24 + {{ noise('n', 101, 120) }})
        end as delivered_at
    from shipped
),

returned as (
    select
        *,
        case when is_returned then delivered_at + to_hours(48 + {{ noise('n', 103, 480) }}) end as returned_at
    from delivered
)

select
    returned.order_id,
    returned.customer_id,
    returned.store_id,
    case customers.country_code when 'GB' then 'GBP' when 'SE' then 'SEK' when 'US' then 'USD' else 'EUR' end
        as currency_code,
    customers.country_code,
    returned.placed_at
    {%- for step in ['paid', 'cancelled', 'shipped', 'delivered', 'returned'] %},
    case when returned.{{ step }}_at < {{ horizon }} then returned.{{ step }}_at end as {{ step }}_at
    {%- endfor %}
from returned
inner join {{ raw }}.customers using (customer_id)
{% endset %}

{# The shop's system appends a row each time the status of an order changes. #}
{% set orders_sql %}
create or replace table {{ raw }}.orders as
{% for step in ['placed', 'paid', 'cancelled', 'shipped', 'delivered', 'returned'] %}
select
    order_id,
    customer_id,
    store_id,
    currency_code,
    placed_at as ordered_at,
    '{{ step }}' as status,
    {{ step }}_at as updated_at,
    {{ step }}_at + interval '1 hour' as loaded_at
from order_plan
where {{ step }}_at is not null
{{ 'union all' if not loop.last }}
{% endfor %}
{% endset %}

{% set order_lines_sql %}
create or replace table {{ raw }}.order_lines as
with numbered as (
    select
        range as n,
        range // 10 * 4
        + case when range % 10 < 1 then 1 when range % 10 < 3 then 2 when range % 10 < 6 then 3 else 4 end as order_id
    from range({{ orders // 4 * 10 }})
),

priced as (
    select
        numbered.n,
        order_plan.order_id,
        order_plan.placed_at,
        order_plan.returned_at,
        1 + numbered.n % 10 - case order_plan.order_id % 4 when 1 then 0 when 2 then 1 when 3 then 3 else 6 end
            as line_number,
        products.product_id,
        1 + {{ noise('numbered.n', 107, 4) }} as quantity,
        products.list_price_cents
        * case order_plan.currency_code when 'GBP' then 86 when 'SEK' then 1130 when 'USD' then 108 else 100 end
        // 100 as unit_price_cents,
        [0, 0, 0, 0, 5, 10, 20][1 + {{ noise('numbered.n', 109, 7) }}] as discount_percent
    from numbered
    inner join order_plan using (order_id)
    inner join {{ raw }}.products
        on products.product_id = 1 + {{ noise('numbered.n', 113, products) }}
)

select
    n + 1 as order_line_id,
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price_cents,
    quantity * unit_price_cents * discount_percent // 100 as discount_cents,
    -- Of a returned order the first line always comes back, of the others every second.
    case
        when returned_at is not null and (line_number = 1 or {{ noise('n', 127, 2) }} = 0) then quantity
        else 0
    end as returned_quantity,
    coalesce(returned_at, placed_at) + interval '1 hour' as loaded_at
from priced
{% endset %}

{% set payments_sql %}
create or replace table {{ raw }}.payments as
with totals as (
    select
        order_id,
        cast(sum(quantity * unit_price_cents - discount_cents) as bigint) as total_cents,
        cast(
            sum(case when returned_quantity > 0 then quantity * unit_price_cents - discount_cents else 0 end) as bigint
        ) as returned_cents
    from {{ raw }}.order_lines
    group by order_id
),

charged as (
    select
        order_plan.*,
        totals.total_cents,
        totals.returned_cents,
        ['card', 'card', 'card', 'wallet', 'invoice'][1 + {{ noise('order_id', 131, 5) }}] as payment_method,
        case when {{ noise('order_id', 137, 20) }} = 0 then totals.total_cents // 4 else 0 end as gift_card_cents
    from order_plan
    inner join totals using (order_id)
    where order_plan.paid_at is not null
),

-- The last digit of the id says what kind of payment it is.
payments as (
    select
        order_id * 10 + 1 as payment_id,
        order_id,
        'charge' as payment_type,
        'succeeded' as payment_status,
        payment_method,
        total_cents - gift_card_cents as amount_cents,
        currency_code,
        paid_at
    from charged
    union all
    select order_id * 10 + 2, order_id, 'charge', 'succeeded', 'gift_card', gift_card_cents, currency_code, paid_at
    from charged
    where gift_card_cents > 0
    union all
    select order_id * 10, order_id, 'charge', 'failed', payment_method, total_cents, currency_code,
        paid_at - interval '30 seconds'
    from charged
    where {{ noise('order_id', 139, 50) }} = 0
    union all
    select order_id * 10 + 3, order_id, 'refund', 'succeeded', payment_method, returned_cents, currency_code,
        returned_at + interval '1 day'
    from charged
    where returned_at + interval '1 day' < {{ horizon }}
    union all
    select order_id * 10 + 4, order_id, 'refund', 'succeeded', payment_method, total_cents, currency_code,
        cancelled_at + interval '1 hour'
    from charged
    where cancelled_at + interval '1 hour' < {{ horizon }}
)

select *, paid_at + interval '1 hour' as loaded_at
from payments
{% endset %}

{% set shipments_sql %}
create or replace table {{ raw }}.shipments as
with parcels as (
    select order_plan.*, range as parcel_number
    from order_plan
    cross join range(1, 3)
    where
        order_plan.shipped_at is not null
        -- One order in thirty goes out in two parcels.
        and (range = 1 or {{ noise('order_plan.order_id', 149, 30) }} = 0)
)

select
    order_id * 10 + parcel_number as shipment_id,
    order_id,
    parcel_number,
    ['Carrier A', 'Carrier B', 'carrier b ', 'Carrier C'][1 + {{ noise('order_id', 151, 4) }}] as carrier,
    country_code as destination_country_code,
    300 + {{ noise('order_id', 157, 1200) }} as cost_cents,
    shipped_at,
    delivered_at,
    coalesce(delivered_at, shipped_at) + interval '1 hour' as loaded_at
from parcels
{% endset %}

{# Most visits are short: a session has the smaller of two draws of 1 to 6 steps, and the sixth is a purchase.
   About one event in a hundred arrives twice. #}
{% set web_events_sql %}
create or replace table {{ raw }}.web_events as
with sessions as (
    select
        range as session_number,
        1 + least({{ noise('range', 191, 6) }}, {{ noise('range', 193, 6) }}) as session_steps,
        {{ noise('range', 163, visitors) }} as visitor_number
    from range({{ sessions }})
),

steps as (
    select
        sessions.*,
        range as step,
        sessions.session_number * 6 + range + 1 as event_id
    from sessions
    cross join range(6)
    where range < sessions.session_steps
),

events as (
    select
        event_id,
        'visitor-' || visitor_number as visitor_id,
        case when {{ noise('session_number', 167, 3) }} > 0 then 1 + visitor_number % {{ customers }} end
            as customer_id,
        ['page_view', 'page_view', 'product_view', 'add_to_cart', 'checkout', 'purchase'][1 + step] as event_type,
        case when step in (2, 3) then 1 + {{ noise('event_id', 173, products) }} end as product_id,
        ['direct', 'search', 'newsletter', 'social'][1 + {{ noise('session_number', 179, 4) }}] as channel,
        {{ epoch }} + to_seconds(
            session_number * {{ seconds_per_session }} + step * 95 + {{ noise('event_id', 181, 40) }}
        ) as occurred_at
    from steps
)

select *, occurred_at + interval '1 hour' as loaded_at
from events
where occurred_at < {{ horizon }}
union all
select *, occurred_at + interval '1 day' as loaded_at
from events
where event_id % 97 = 13 and occurred_at < {{ horizon }}
{% endset %}

{% for statement_sql in [
    customers_sql, products_sql, stores_sql, order_plan_sql, orders_sql, order_lines_sql, payments_sql,
    shipments_sql, web_events_sql, 'drop table order_plan'
] %}
    {% do run_query(statement_sql) %}
{% endfor %}

{% do log('raw: ' ~ orders // 4 * 10 ~ ' order lines in ' ~ orders ~ ' orders over ' ~ days ~ ' days', info=true) %}

{% endmacro %}
