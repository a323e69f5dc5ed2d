{#-
  The environment of a run: {'name', 'spec', 'block', 'problem', 'observe'}. `problem` is empty, or says why there
  is no environment.
-#}
{% macro resolve_environment(block, target) %}
    {%- set found = namespace(name='', problem=dbt_isolation.config_problem(block)) -%}
    {%- if not found.problem -%}
        {%- set environments = block['environments'] -%}
        {%- set chosen = env_var('DBT_ISOLATION_ENVIRONMENT', '') -%}
        {%- if chosen -%}
            {%- if chosen not in environments -%}
                {%- set found.problem = "DBT_ISOLATION_ENVIRONMENT names '" ~ chosen ~ "', which is no environment" -%}
            {%- elif (environments[chosen] or {}).get('protected') -%}
                {%- set found.problem = "DBT_ISOLATION_ENVIRONMENT names '" ~ chosen ~ "', which is protected" -%}
            {%- else -%}
                {%- set found.name = chosen -%}
            {%- endif -%}
        {%- else -%}
            {%- for name, spec in environments.items() -%}
                {%- if not found.name and spec and spec.get('protected') and target.name in spec.get('targets', []) -%}
                    {%- set found.name = name -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if not found.name -%}
                {%- for name, written in environments.items() -%}
                    {%- set spec = written or {} -%}
                    {%- if not found.name
                        and ('targets' not in spec or dbt_isolation.matches_any(spec['targets'], target.name))
                        and ('when' not in spec or dbt_isolation.condition_holds(spec['when'], target)) -%}
                        {%- set found.name = name -%}
                    {%- endif -%}
                {%- endfor -%}
                {%- if not found.name -%}
                    {%- set found.problem = "no environment lists target '" ~ target.name ~ "'" -%}
                {%- endif -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {{ return({
        'name': found.name,
        'spec': (block['environments'][found.name] or {}) if found.name else {},
        'block': block,
        'problem': found.problem,
        'observe': (block.get('mode') == 'observe') if block is mapping else false,
    }) }}
{% endmacro %}
