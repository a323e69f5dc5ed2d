{#- The version of the macros; the Python package compares it with its own. -#}
{% macro version() %}{{ return('0.1.0') }}{% endmacro %}
