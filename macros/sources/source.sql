{#-
  What the root project's one-line source returns: the relation, in the place where the run's environment has the
  source. For a dbt that loads no plugin; the plugin does the same, and for freshness and docs as well.
-#}
{% macro source(source_name, table_name) %}
    {%- set relation = builtins.source(source_name, table_name) -%}
    {%- set block = var('dbt_isolation', '') -%}
    {%- if block is not mapping -%}{{ return(relation) }}{%- endif -%}
    {%- set places = dbt_isolation.current_run(block)['spec'].get('sources') or {} -%}
    {%- set place = places.get(source_name) or {} -%}
    {%- if not place -%}{{ return(relation) }}{%- endif -%}
    {{ return(api.Relation.create(
        database=dbt_isolation.expand_variables(place['database']) if 'database' in place else relation.database,
        schema=dbt_isolation.expand_variables(place['schema']) if 'schema' in place else relation.schema,
        identifier=relation.identifier
    )) }}
{% endmacro %}
