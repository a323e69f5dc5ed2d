select
    order_id,
    {%- for status in ['placed', 'paid', 'cancelled', 'shipped', 'delivered', 'returned'] %}
    max(case when status = '{{ status }}' then changed_at end) as {{ status }}_at{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('stg_order_status_changes') }}
group by order_id
