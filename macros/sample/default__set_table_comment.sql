{#- Nothing. -#}
{% macro default__set_table_comment(relation, comment) %}
{% endmacro %}
