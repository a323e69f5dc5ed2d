{#- Puts the table `built` in the place of `existing`, which may be none, under the name of `place`. -#}
{% macro put_in_place(built, place, existing) %}
    {%- do adapter.dispatch('put_in_place', 'dbt_isolation')(built, place, existing) -%}
{% endmacro %}
