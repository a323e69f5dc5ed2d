{#-
  What the root project's one-line generate_schema_name returns. default: the name that a macro of the project's own
  gives; dbt's if there is none.
-#}
{% macro generate_schema_name(custom_schema_name=none, node=none, default=none) -%}
    {%- set default = (default | trim) if default is not none else adapter.dispatch('generate_schema_name', 'dbt')(custom_schema_name, node) -%}
    {{ return(dbt_isolation.name_of('schema', default, custom_schema_name, node)) }}
{%- endmacro %}
