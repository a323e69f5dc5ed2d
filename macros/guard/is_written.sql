{#- Whether building this node writes a relation. -#}
{% macro is_written(node) %}
    {%- if node.resource_type == 'test' -%}
        {%- set stores = node.config.store_failures -%}
        {{ return(flags.STORE_FAILURES if stores is none else stores) }}
    {%- endif -%}
    {{ return(node.resource_type in ['model', 'seed', 'snapshot', 'function']
        and node.config.materialized != 'ephemeral') }}
{% endmacro %}
