{#- What the root project's one-line generate_schema_name returns. -#}
{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
    {%- set default = adapter.dispatch('generate_schema_name', 'dbt')(custom_schema_name, node) -%}
    {{ return(dbt_isolation.name_of('schema', default, custom_schema_name, node)) }}
{%- endmacro %}
