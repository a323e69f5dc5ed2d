{#- `resolve_environment` for the run under way; a block that --vars gives is no block. -#}
{% macro current_run(block) %}
    {%- if 'dbt_isolation' in (invocation_args_dict['vars'] or {}) -%}
        {{ return({
            'name': '',
            'spec': {},
            'block': block,
            'problem': "--vars redefines 'dbt_isolation'; it is read from the project's files alone",
            'observe': false,
        }) }}
    {%- endif -%}
    {{ return(dbt_isolation.resolve_environment(block, target)) }}
{% endmacro %}
