{#- A relation as people write it, without quotes. -#}
{% macro plain_name(relation) %}
    {%- set names = [] -%}
    {%- for name in [relation.database, relation.schema, relation.identifier] if name -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names | join('.')) }}
{% endmacro %}
