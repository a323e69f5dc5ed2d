{#- What the root project's one-line generate_alias_name returns. -#}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- set default = adapter.dispatch('generate_alias_name', 'dbt')(custom_alias_name, node) -%}
    {{ return(dbt_isolation.name_of('alias', default, custom_alias_name, node)) }}
{%- endmacro %}
