{#- What is wrong with a template; empty if nothing is. -#}
{% macro template_problem(template) %}
    {%- set known = ['target_database', 'target_schema', 'custom_database', 'custom_schema', 'alias', 'user'] -%}
    {%- if template is not string -%}{{ return('text is needed') }}{%- endif -%}
    {%- set pieces = template.split('{') -%}
    {%- if '}' in pieces[0] -%}{{ return("a brace without its partner in '" ~ template ~ "'") }}{%- endif -%}
    {%- for piece in pieces[1:] -%}
        {%- set parts = piece.split('}') -%}
        {%- if parts | length != 2 -%}{{ return("a brace without its partner in '" ~ template ~ "'") }}{%- endif -%}
        {%- set token = parts[0] -%}
        {%- if token not in known and not (token.startswith('env:') and token | length > 4) -%}
            {{ return("unknown token '{" ~ token ~ "}'") }}
        {%- endif -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}
