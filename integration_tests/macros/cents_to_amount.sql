{# Multiplied, not divided: DuckDB divides in floating point. #}
{% macro cents_to_amount(cents) -%}
cast({{ cents }} * 0.01 as decimal(18, 2))
{%- endmacro %}
