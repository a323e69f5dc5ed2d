{#- A text with each `{env:NAME}` in it replaced by the environment variable as it is; one that is not set is empty. -#}
{% macro expand_variables(text) %}
    {%- set made = namespace(text='') -%}
    {%- for piece in text.split('{env:') -%}
        {%- if loop.first -%}
            {%- set made.text = piece -%}
        {%- else -%}
            {%- set variable = piece.split('}')[0] -%}
            {%- set made.text = made.text ~ env_var(variable, '') ~ piece[(variable | length) + 1:] -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(made.text) }}
{% endmacro %}
