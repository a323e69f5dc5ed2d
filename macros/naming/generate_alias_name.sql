{#-
  What the root project's one-line generate_alias_name returns. default: the name that a macro of the project's own
  gives; dbt's if there is none.
-#}
{% macro generate_alias_name(custom_alias_name=none, node=none, default=none) -%}
    {%- set default = (default | trim) if default is not none else adapter.dispatch('generate_alias_name', 'dbt')(custom_alias_name, node) -%}
    {{ return(dbt_isolation.name_of('alias', default, custom_alias_name, node)) }}
{%- endmacro %}
