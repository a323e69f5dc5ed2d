{#- The rows of an instance's evidence table, each a list of the columns. -#}
{% macro read_evidence(database, schema, identifier, columns) %}
    {%- set relation = api.Relation.create(database=database, schema=schema, identifier=identifier, type='table') -%}
    {%- set rows = [] -%}
    {%- for row in run_query('select ' ~ columns | join(', ') ~ ' from ' ~ relation).rows -%}
        {%- do rows.append(row.values() | list) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}
