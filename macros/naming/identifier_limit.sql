{#- The longest identifier of an engine, in characters. -#}
{% macro identifier_limit(adapter_type) %}
    {{ return({
        'postgres': 63,
        'redshift': 127,
        'greenplum': 63,
        'mysql': 64,
        'sqlserver': 128,
        'synapse': 128,
        'fabric': 128,
        'oracle': 128,
        'vertica': 128,
        'teradata': 128,
    }.get(adapter_type, 255)) }}
{% endmacro %}
