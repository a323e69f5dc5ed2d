{#- Writes a comment on a table, where the engine is one whose comments `table_comment` reads. -#}
{% macro set_table_comment(relation, comment) %}
    {%- do adapter.dispatch('set_table_comment', 'dbt_isolation')(relation, comment) -%}
{% endmacro %}
