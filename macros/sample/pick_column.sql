{#-
  The first of the candidates that a table has, as {'name', 'is_column', 'wanted'}; no name if there is none. A
  candidate is {'name', 'must', 'sql'}: `must` ends the search, `sql` says that it may be an expression. Names are found
  without regard to case where one alone fits.
-#}
{% macro pick_column(candidates, columns) %}
    {%- set found = namespace(name='', is_column=true, ended=false) -%}
    {%- set wanted = [] -%}
    {%- for candidate in candidates -%}
        {%- if not found.ended -%}
            {%- set near = [] -%}
            {%- for column in columns if column | lower == candidate['name'] | lower -%}
                {%- do near.append(column) -%}
            {%- endfor -%}
            {%- if candidate['name'] in columns -%}
                {%- set found.name = candidate['name'] -%}
            {%- elif near | length == 1 -%}
                {%- set found.name = near[0] -%}
            {%- elif candidate['sql'] -%}
                {%- set found.name = candidate['name'] -%}
                {%- set found.is_column = false -%}
            {%- else -%}
                {%- do wanted.append(candidate['name']) -%}
            {%- endif -%}
            {%- set found.ended = found.name != '' or candidate['must'] -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'name': found.name, 'is_column': found.is_column, 'wanted': wanted}) }}
{% endmacro %}
