{#-
  The protected environment that owns a place, and the glob that says so: {'name', 'glob'}, empty if none does.
  Case does not count, and a place without a database is owned by its schema alone.
-#}
{% macro owner_of(block, database, schema) %}
    {%- set database = (database or '') | string | lower -%}
    {%- set schema = (schema or '') | string | lower -%}
    {%- set found = namespace(name='', glob='') -%}
    {%- for name, spec in block['environments'].items() if spec and spec.get('protected') -%}
        {%- for owned in dbt_isolation.owned_places(spec) -%}
            {%- if not found.name
                and (database == '' or dbt_isolation.matches_any([owned[0]], database))
                and dbt_isolation.matches_any([owned[1]], schema) -%}
                {%- set found.name = name -%}
                {%- set found.glob = owned[0] ~ '.' ~ owned[1] -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return({'name': found.name, 'glob': found.glob}) }}
{% endmacro %}
