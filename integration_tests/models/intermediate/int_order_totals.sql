{{ config(materialized='table') }}

select
    order_id,
    count(*) as order_line_count,
    cast(sum(quantity) as bigint) as item_count,
    cast(sum(returned_quantity) as bigint) as returned_item_count,
    cast(sum(gross_amount_eur) as decimal(18, 2)) as gross_amount_eur,
    cast(sum(discount_amount_eur) as decimal(18, 2)) as discount_amount_eur,
    cast(sum(net_amount_eur) as decimal(18, 2)) as net_amount_eur,
    cast(sum(vat_amount_eur) as decimal(18, 2)) as vat_amount_eur,
    cast(sum(margin_eur) as decimal(18, 2)) as margin_eur
from {{ ref('int_order_lines_priced') }}
group by order_id
