select
    order_line_id,
    order_id,
    line_number,
    product_id,
    customer_id,
    store_id,
    sales_channel,
    ordered_on,
    quantity,
    gross_amount_eur,
    discount_amount_eur,
    net_amount_eur,
    vat_amount_eur,
    margin_eur,
    is_returned
from {{ ref('int_order_lines_priced') }}
where is_sale
