{#- Begins the transaction of the changes that follow, until `adapter.commit()`. -#}
{% macro begin_change() %}
    {%- do adapter.dispatch('begin_change', 'dbt_isolation')() -%}
{% endmacro %}
