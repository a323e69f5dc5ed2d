{#-
  The package's on-run-start: ends a run that would write what it may not, before anything is written. Docs and
  freshness run it too and are let through.
-#}
{% macro guard_run() %}
    {%- set block = var('dbt_isolation', '') -%}
    {%- if execute and block != '' and flags.WHICH not in ['generate', 'freshness', 'compile', 'show', 'list', 'parse'] -%}
        {%- set run = dbt_isolation.current_run(block) -%}
        {%- set refusals = dbt_isolation.refused_writes(run, flags.WHICH) -%}
        {%- if refusals -%}
            {%- set lines = refusals[:10] -%}
            {%- if refusals | length > 10 -%}
                {%- do lines.append('… and ' ~ (refusals | length - 10) ~ ' more') -%}
            {%- endif -%}
            {%- set message = 'dbt-isolation (on-run-start) '
                ~ ('would refuse' if run['observe'] else 'refused')
                ~ ' `dbt ' ~ flags.WHICH ~ '`, target ' ~ target.name ~ ':\n  ' ~ lines | join('\n  ') -%}
            {%- if run['observe'] -%}
                {%- do log(message, info=true) -%}
            {%- else -%}
                {%- do exceptions.raise_compiler_error(message) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
