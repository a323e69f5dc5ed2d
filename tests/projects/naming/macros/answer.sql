{#- What the package's macros say of each case: a line of JSON each, after `ANSWER `. -#}
{% macro answer(cases) %}
    {%- for case in cases -%}
        {%- set run = dbt_isolation.resolve_environment(case['block'], case['target']) -%}
        {%- set node = case['node'] -%}
        {%- set parts = {} -%}
        {%- if not run['problem'] -%}
            {%- set custom = {'database': node.config.database, 'schema': node.config.schema, 'alias': node.config.alias} -%}
            {%- for part, default in case['default'].items() -%}
                {%- do parts.update({part: dbt_isolation.place(run, case['target'], part, default, custom[part], node)}) -%}
                {%- do node.update({'database': parts['database']['name']}) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do log('ANSWER ' ~ tojson({
            'case': case['case'], 'environment': run['name'], 'problem': run['problem'], 'parts': parts
        }), info=true) -%}
    {%- endfor -%}
{% endmacro %}
