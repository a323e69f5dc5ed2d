{#-
  Puts rows into an instance's evidence table, in place of those about the same things. The values hold no quotes
  and no backslashes.
-#}
{% macro write_evidence(database, schema, identifier, columns, rows) %}
    {%- set relation = api.Relation.create(database=database, schema=schema, identifier=identifier, type='table') -%}
    {%- for batch in rows | batch(200) -%}
        {%- set keys = [] -%}
        {%- set values = [] -%}
        {%- for row in batch -%}
            {%- do keys.append("'" ~ row[0] ~ '|' ~ row[1] ~ "'") -%}
            {%- do values.append("('" ~ row | join("', '") ~ "')") -%}
        {%- endfor -%}
        {%- do run_query(
            'delete from ' ~ relation ~ ' where ' ~ dbt.concat([columns[0], "'|'", columns[1]])
            ~ ' in (' ~ keys | join(', ') ~ ')'
        ) -%}
        {%- do run_query(
            'insert into ' ~ relation ~ ' (' ~ columns | join(', ') ~ ') values ' ~ values | join(', ')
        ) -%}
    {%- endfor -%}
{% endmacro %}
