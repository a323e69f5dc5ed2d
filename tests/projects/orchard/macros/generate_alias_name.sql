{% macro generate_alias_name(custom_alias_name=none, node=none) -%}{{ return(dbt_isolation.generate_alias_name(custom_alias_name, node)) }}{%- endmacro %}
