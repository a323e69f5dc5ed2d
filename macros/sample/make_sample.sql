{#-
  Makes one copy: built under another name, then put in place in the same transaction, so that until the end the old
  copy stands.
-#}
{% macro make_sample(asked, plan) %}
    {%- set place = plan['place'] -%}
    {%- set built = place.incorporate(path={'identifier': 'dbt_isolation_' ~ local_md5(place.identifier)[:16]}) -%}
    {%- if not adapter.check_schema_exists(place.database, place.schema) -%}
        {%- do adapter.create_schema(place.without_identifier()) -%}
    {%- endif -%}
    {%- do dbt_isolation.begin_change() -%}
    {%- do dbt_isolation.change('drop table if exists ' ~ built) -%}
    {%- set condition = ' where ' ~ plan['where'] | join(' and ') if plan['where'] else '' -%}
    {%- do dbt_isolation.change('create table ' ~ built ~ ' as select * from ' ~ plan['original'] ~ condition) -%}
    {%- set rows = run_query('select count(*) from ' ~ built).rows[0][0] | int -%}
    {%- do dbt_isolation.put_in_place(built, place, plan['existing']) -%}
    {%- set original = dbt_isolation.plain_name(plan['original']) -%}
    {%- set comment = asked['tag'] ~ original ~ ': ' ~ plan['sample'] ~ ', made ' ~ asked['made'] -%}
    {%- do dbt_isolation.set_table_comment(place, comment) -%}
    {%- do adapter.commit() -%}
    {{ return({
        'node': plan['node'], 'original': original, 'relation': dbt_isolation.plain_name(place), 'sample': plan['sample'],
        'rows': rows, 'problem': none,
    }) }}
{% endmacro %}
