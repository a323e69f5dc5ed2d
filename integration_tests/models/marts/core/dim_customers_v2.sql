with customers as (

    select * from {{ ref('stg_customers') }}

),

countries as (

    select * from {{ ref('countries') }}

),

customer_orders as (

    select * from {{ ref('int_customer_orders') }}

)

select
    customers.customer_id,
    customers.customer_name,
    customers.email,
    customers.country_code,
    countries.country_name,
    customers.accepts_marketing,
    customers.registered_on,
    customer_orders.first_ordered_on,
    customer_orders.last_ordered_on,
    coalesce(customer_orders.order_count, 0) as order_count,
    coalesce(customer_orders.gross_amount_eur, 0) as lifetime_amount_eur
from customers
inner join countries on customers.country_code = countries.country_code
left join customer_orders on customers.customer_id = customer_orders.customer_id
