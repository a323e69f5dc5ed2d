{% macro wipe() %}
    {% do run_query('delete from warehouse.analytics.orders') %}
{% endmacro %}
