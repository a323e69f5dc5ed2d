{#- Not known. -#}
{% macro default__table_comment(relation) %}
    {{ return(none) }}
{% endmacro %}
