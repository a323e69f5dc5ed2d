{#- From DuckDB's own list of tables. -#}
{% macro duckdb__table_comment(relation) %}
    {%- set rows = run_query(
        "select comment from duckdb_tables() where database_name = '" ~ dbt.escape_single_quotes(relation.database)
        ~ "' and schema_name = '" ~ dbt.escape_single_quotes(relation.schema)
        ~ "' and table_name = '" ~ dbt.escape_single_quotes(relation.identifier) ~ "'"
    ).rows -%}
    {{ return(rows[0][0] if rows else none) }}
{% endmacro %}
