{% macro generate_database_name(custom_database_name=none, node=none) -%}{{ return(dbt_isolation.generate_database_name(custom_database_name, node)) }}{%- endmacro %}
