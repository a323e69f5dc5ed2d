{#- Runs a statement that changes something, in the transaction that is open or in a new one. -#}
{% macro change(sql) %}
    {%- call statement(auto_begin=true) -%}{{ sql }}{%- endcall -%}
{% endmacro %}
