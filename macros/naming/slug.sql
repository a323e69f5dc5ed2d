{#- Lower case, and every run of other characters than a-z, 0-9 and `_` made one `_`. -#}
{% macro slug(text) %}
    {%- set made = namespace(text='') -%}
    {%- for character in (text or '') | string | lower -%}
        {%- if character in 'abcdefghijklmnopqrstuvwxyz0123456789' -%}
            {%- set made.text = made.text ~ character -%}
        {%- elif made.text and not made.text.endswith('_') -%}
            {%- set made.text = made.text ~ '_' -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(made.text[:-1] if made.text.endswith('_') else made.text) }}
{% endmacro %}
