{#- Makes an instance's evidence table, in a schema that is there. -#}
{% macro create_evidence(database, schema, identifier, columns) %}
    {%- set relation = api.Relation.create(database=database, schema=schema, identifier=identifier, type='table') -%}
    {%- set definitions = [] -%}
    {%- for column in columns -%}{%- do definitions.append(column ~ ' ' ~ dbt.type_string()) -%}{%- endfor -%}
    {%- do run_query('create table ' ~ relation ~ ' (' ~ definitions | join(', ') ~ ')') -%}
{% endmacro %}
