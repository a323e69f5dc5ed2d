{#-
  What the root project's one-line generate_latest_version_pointer_alias returns: the identifier of the view that dbt
  1.12 writes beside a model's latest version, in that model's schema. It is in no manifest.
-#}
{% macro generate_latest_version_pointer_alias(custom_alias_name=none, node=none, default=none) -%}
    {%- if default is none -%}
        {%- set default = adapter.dispatch('generate_latest_version_pointer_alias', 'dbt')(custom_alias_name, node) -%}
    {%- endif -%}
    {{ return(dbt_isolation.name_of('alias', default | trim, custom_alias_name, node)) }}
{%- endmacro %}
