{#-
  Copies source tables to where an environment has them. `request` is JSON from `dbt-isolation sample`; each answer
  is a line of the log that begins with the request's mark: what is wrong with the tables, and then nothing is
  changed, or what was made of each.
-#}
{% macro sample_source(request) %}
    {%- set asked = fromjson(request) -%}
    {%- if target.name != asked['target'] -%}
        {%- do exceptions.raise_compiler_error('target ' ~ asked['target'] ~ ' was meant, and this is ' ~ target.name) -%}
    {%- endif -%}
    {%- set originals = [] -%}
    {%- for source in graph.sources.values() -%}
        {%- do originals.append([source.database, source.schema, source.identifier] | string | lower) -%}
    {%- endfor -%}
    {%- set plans = [] -%}
    {%- set problems = [] -%}
    {%- for table in asked['tables'] -%}
        {%- set plan = dbt_isolation.plan_sample(asked, table, originals) -%}
        {%- if plan['problem'] -%}
            {%- do problems.append(plan['problem']) -%}
        {%- else -%}
            {%- do plans.append(plan) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for problem in problems -%}
        {%- do log(asked['mark'] ~ tojson(problem), info=true) -%}
    {%- endfor -%}
    {%- if not problems -%}
        {%- for plan in plans -%}
            {%- set made = dbt_isolation.make_sample(asked, plan) -%}
            {%- do log(asked['mark'] ~ tojson(made), info=true) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
