{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
{{ return(var('courier_schema', target.schema ~ '_courier')) }}
{%- endmacro %}
