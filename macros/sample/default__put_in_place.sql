{#- Without `cascade`: what somebody built on the old copy is not dropped in silence. -#}
{% macro default__put_in_place(built, place, existing) %}
    {%- if existing -%}
        {%- do dbt_isolation.change('drop ' ~ (existing.type | string).replace('_', ' ') ~ ' ' ~ existing) -%}
    {%- endif -%}
    {%- do rename_relation(built, place) -%}
{% endmacro %}
