{#-
  Makes a relation that is not there from another's rows, at most `most_rows` of them, the latest by `order_by` if that
  is given: 'cloned' where the engine copies without copying, else 'all' or 'some'. Relations are mappings with
  database, schema and identifier.
-#}
{% macro start_from(relation, other, most_rows, order_by=none) %}
    {%- set here = api.Relation.create(
        database=relation['database'], schema=relation['schema'], identifier=relation['identifier'], type='table'
    ) -%}
    {%- set there = api.Relation.create(
        database=other['database'], schema=other['schema'], identifier=other['identifier'], type='table'
    ) -%}
    {%- if can_clone_table() -%}
        {%- do run_query(create_or_replace_clone(here, there)) -%}
        {{ return('cloned') }}
    {%- endif -%}
    {%- set counted = run_query(
        'select count(*) from (select 1 as one from ' ~ there ~ ' limit ' ~ (most_rows + 1) ~ ') as counted'
    ).rows[0].values()[0] -%}
    {%- set bounded = counted | int > most_rows -%}
    {%- set ordered = ' order by ' ~ adapter.quote(order_by) ~ ' desc' if bounded and order_by else '' -%}
    {%- set limited = ordered ~ ' limit ' ~ most_rows if bounded else '' -%}
    {%- do run_query('create table ' ~ here ~ ' as select * from ' ~ there ~ limited) -%}
    {{ return('some' if bounded else 'all') }}
{% endmacro %}
