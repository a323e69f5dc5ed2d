{#-
  What is wrong with the block, so far as protection and naming depend on it; empty if nothing is. Whatever is
  written there, this says so and nothing raises. `dbt-isolation doctor` says all that is wrong.
-#}
{% macro config_problem(block) %}
    {%- set known = ['state', 'mode', 'environments', 'post_run', 'copy_limit', 'checks', 'layers'] -%}
    {%- if block is not mapping -%}{{ return('a mapping is needed') }}{%- endif -%}
    {%- if '{{' in block | string -%}{{ return("'{{': dbt does not render Jinja in vars") }}{%- endif -%}
    {%- for key in block if key not in known -%}{{ return("key '" ~ key ~ "' of dbt_isolation: unknown") }}{%- endfor -%}
    {%- if block.get('mode', 'enforce') not in ['enforce', 'observe'] -%}
        {{ return("mode: '" ~ block['mode'] ~ "' is none of enforce, observe") }}
    {%- endif -%}
    {%- if block.get('environments') is not mapping -%}{{ return('no environment') }}{%- endif -%}
    {%- set found = namespace(protected=false) -%}
    {%- for name, written in block['environments'].items() -%}
        {%- set problem = dbt_isolation.environment_problem(written or {}) -%}
        {%- if problem -%}{{ return('environments.' ~ name ~ problem) }}{%- endif -%}
        {%- if written and written.get('protected') -%}{%- set found.protected = true -%}{%- endif -%}
    {%- endfor -%}
    {{ return('' if found.protected else 'no protected environment') }}
{% endmacro %}
