{#-
  In a run-operation dbt has sent a `commit` of its own before; the driver knows nothing of it, and begins no other
  transaction.
-#}
{% macro postgres__begin_change() %}
    {%- do dbt_isolation.change('begin') -%}
{% endmacro %}
