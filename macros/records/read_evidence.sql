{#- The rows of an instance's evidence table, each a list of the columns; none where there is no table yet. -#}
{% macro read_evidence(database, schema, identifier, columns) %}
    {%- set relation = adapter.get_relation(database=database, schema=schema, identifier=identifier) -%}
    {%- if relation is none -%}{{ return([]) }}{%- endif -%}
    {%- set rows = [] -%}
    {%- for row in run_query('select ' ~ columns | join(', ') ~ ' from ' ~ relation).rows -%}
        {%- do rows.append(row.values() | list) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}
