{#- What the root project's one-line generate_database_name returns. -#}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {%- set default = adapter.dispatch('generate_database_name', 'dbt')(custom_database_name, node) -%}
    {{ return(dbt_isolation.name_of('database', default, custom_database_name, node)) }}
{%- endmacro %}
