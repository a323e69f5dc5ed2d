{#- The comment on a table that exists; none where the engine has none or is not known. -#}
{% macro table_comment(relation) %}
    {{ return(adapter.dispatch('table_comment', 'dbt_isolation')(relation)) }}
{% endmacro %}
