{#- Globs that together fit every name which a template can make: each token as `*`, and as nothing. -#}
{% macro template_globs(template) %}
    {%- set made = namespace(globs=['']) -%}
    {%- for piece in template.split('{') -%}
        {%- if loop.first -%}
            {%- set made.globs = [piece] -%}
        {%- else -%}
            {%- set rest = piece[(piece.split('}')[0] | length) + 1:] -%}
            {%- set longer = [] -%}
            {%- for glob in made.globs -%}
                {%- do longer.append(glob ~ '*' ~ rest) -%}
                {%- if glob.endswith('_') -%}
                    {%- do longer.append(glob[:-1] ~ rest) -%}
                {%- else -%}
                    {%- do longer.append(glob ~ (rest[1:] if rest.startswith('_') else rest)) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- set made.globs = longer -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(made.globs) }}
{% endmacro %}
