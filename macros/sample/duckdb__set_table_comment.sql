{#- As PostgreSQL. -#}
{% macro duckdb__set_table_comment(relation, comment) %}
    {%- do dbt_isolation.postgres__set_table_comment(relation, comment) -%}
{% endmacro %}
