{{ config(store_failures=true) }}
select * from {{ ref('orders') }} where amount < 0
