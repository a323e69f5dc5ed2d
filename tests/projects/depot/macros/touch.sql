{% macro touch() %}
    {% do run_query('create table ' ~ target.database ~ '.' ~ target.schema ~ '.touched as select 1 as one') %}
{% endmacro %}
