{#- From PostgreSQL's catalog, as Redshift has it too. -#}
{% macro postgres__table_comment(relation) %}
    {%- set rows = run_query(
        "select obj_description(c.oid, 'pg_class') from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        ~ " where n.nspname = '" ~ dbt.escape_single_quotes(relation.schema)
        ~ "' and c.relname = '" ~ dbt.escape_single_quotes(relation.identifier) ~ "'"
    ).rows -%}
    {{ return(rows[0][0] if rows else none) }}
{% endmacro %}
