{#- Views stand on a table and not on its name: where the columns are the same, the table stays and its rows go. -#}
{% macro postgres__put_in_place(built, place, existing) %}
    {%- set shapes = [] -%}
    {%- if existing and existing.type == 'table' -%}
        {%- for relation in [built, existing] -%}
            {%- set shape = [] -%}
            {%- for column in adapter.get_columns_in_relation(relation) -%}
                {%- do shape.append(column.name ~ ' ' ~ column.data_type) -%}
            {%- endfor -%}
            {%- do shapes.append(shape) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if shapes and shapes[0] == shapes[1] -%}
        {%- do dbt_isolation.change('delete from ' ~ existing) -%}
        {%- do dbt_isolation.change('insert into ' ~ existing ~ ' select * from ' ~ built) -%}
        {%- do dbt_isolation.change('drop table ' ~ built) -%}
    {%- else -%}
        {%- do dbt_isolation.default__put_in_place(built, place, existing) -%}
    {%- endif -%}
{% endmacro %}
