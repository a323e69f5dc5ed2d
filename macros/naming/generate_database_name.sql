{#-
  What the root project's one-line generate_database_name returns. default: the name that a macro of the project's own
  gives; dbt's if there is none.
-#}
{% macro generate_database_name(custom_database_name=none, node=none, default=none) -%}
    {%- set default = (default | trim) if default is not none else adapter.dispatch('generate_database_name', 'dbt')(custom_database_name, node) -%}
    {{ return(dbt_isolation.name_of('database', default, custom_database_name, node)) }}
{%- endmacro %}
