{% macro generate_schema_name(custom_schema_name=none, node=none) -%}{{ return(dbt_isolation.generate_schema_name(custom_schema_name, node)) }}{%- endmacro %}
