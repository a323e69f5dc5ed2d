{#- Nothing: dbt begins one with the first change. -#}
{% macro default__begin_change() %}
{% endmacro %}
