{#- Whether names differ by more of a node than the config of the part that is named: its path, or another part. -#}
{% macro names_depend_on_node(run) %}
    {%- set spec = run['spec'] -%}
    {%- set tokens = {
        'database': ['{alias}', '{custom_schema}'],
        'schema': ['{alias}', '{custom_database}'],
        'alias': ['{custom_schema}', '{custom_database}'],
    } -%}
    {%- if spec.get('overrides') -%}{{ return(true) }}{%- endif -%}
    {%- for part, foreign in tokens.items() -%}
        {%- for token in foreign if token in (spec.get(part) or '') -%}{{ return(true) }}{%- endfor -%}
    {%- endfor -%}
    {{ return(false) }}
{% endmacro %}
