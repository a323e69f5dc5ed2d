{#- What a protected environment owns, as [database glob, schema glob] in lower case: `owns`, else its templates'. -#}
{% macro owned_places(spec) %}
    {%- set places = [] -%}
    {%- if 'owns' in spec -%}
        {%- for written in spec['owns'] -%}
            {%- set glob = dbt_isolation.expand_variables(written) -%}
            {%- set schema = glob.split('.')[-1] -%}
            {%- set database = glob[:(glob | length) - (schema | length) - 1] if '.' in glob else '' -%}
            {%- do places.append([database | lower, schema | lower]) -%}
        {%- endfor -%}
    {%- else -%}
        {%- for one in [spec] + (spec.get('overrides') or []) -%}
            {%- for database in dbt_isolation.template_globs(one.get('database', spec['database'])) -%}
                {%- for schema in dbt_isolation.template_globs(one.get('schema', spec['schema'])) -%}
                    {%- if database and schema -%}{%- do places.append([database | lower, schema | lower]) -%}{%- endif -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(places) }}
{% endmacro %}
