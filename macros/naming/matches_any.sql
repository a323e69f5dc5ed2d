{#- Whether `text` fits one of the globs; `*` stands for any characters or none. -#}
{% macro matches_any(globs, text) %}
    {%- set found = namespace(match=false) -%}
    {%- for glob in globs -%}
        {%- set parts = glob.split('*') -%}
        {%- if parts | length == 1 -%}
            {%- if glob == text -%}{%- set found.match = true -%}{%- endif -%}
        {%- elif text.startswith(parts[0]) and text.endswith(parts[-1])
            and text | length >= (parts[0] | length) + (parts[-1] | length) -%}
            {%- set rest = namespace(text=text[(parts[0] | length):(text | length) - (parts[-1] | length)], fits=true) -%}
            {%- for part in parts[1:-1] if part -%}
                {%- set at = rest.text.find(part) -%}
                {%- if at < 0 -%}
                    {%- set rest.fits = false -%}
                {%- else -%}
                    {%- set rest.text = rest.text[at + (part | length):] -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if rest.fits -%}{%- set found.match = true -%}{%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found.match) }}
{% endmacro %}
