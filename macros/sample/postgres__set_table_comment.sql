{#- `comment on table`. -#}
{% macro postgres__set_table_comment(relation, comment) %}
    {%- do dbt_isolation.change(
        'comment on table ' ~ relation ~ " is '" ~ dbt.escape_single_quotes(comment) ~ "'"
    ) -%}
{% endmacro %}
