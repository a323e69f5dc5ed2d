{#-
  What is to be done for one table: {'node', 'original', 'place', 'existing', 'where', 'sample', 'problem'}.
  Looks at the database and changes nothing. The table is taken from `graph`, since a manifest on the disk may be of
  another target, or of `docs generate`, which writes down the copy's place.
-#}
{% macro plan_sample(asked, table, originals) %}
    {%- set source = graph.sources.get(table['node']) -%}
    {%- if not source -%}
        {{ return({'problem': {'node': table['node'], 'problem': 'gone'}}) }}
    {%- endif -%}
    {%- set quoting = {} -%}
    {%- for part in ['database', 'schema', 'identifier'] if source.quoting.get(part) is not none -%}
        {%- do quoting.update({part: source.quoting.get(part)}) -%}
    {%- endfor -%}
    {%- set database = table['database'] or source.database -%}
    {%- set schema = table['schema'] or source.schema -%}
    {%- set original = api.Relation.create(
        database=source.database, schema=source.schema, identifier=source.identifier, quote_policy=quoting
    ) -%}
    {%- set place = api.Relation.create(
        database=database, schema=schema, identifier=source.identifier, quote_policy=quoting, type='table'
    ) -%}
    {%- set problem = {'node': table['node'], 'relation': dbt_isolation.plain_name(place)} -%}
    {%- set owner = dbt_isolation.owner_of(var('dbt_isolation'), database, schema) -%}
    {%- if owner['name'] -%}
        {%- do problem.update({'problem': 'owned', 'owner': owner['name'], 'glob': owner['glob']}) -%}
        {{ return({'problem': problem}) }}
    {%- endif -%}
    {%- if [database, schema, source.identifier] | string | lower in originals -%}
        {%- do problem.update({'problem': 'original'}) -%}
        {{ return({'problem': problem}) }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for name in run_query('select * from ' ~ original ~ ' where 1 = 0').column_names -%}
        {%- do columns.append(name) -%}
    {%- endfor -%}
    {%- set where = [] -%}
    {%- set sample = [] -%}
    {%- if asked['percent'] -%}
        {%- set key = dbt_isolation.pick_column(table['keys'], columns) -%}
        {%- if not key['name'] -%}
            {%- do problem.update({'problem': 'key', 'columns': columns, 'wanted': key['wanted']}) -%}
            {{ return({'problem': problem}) }}
        {%- endif -%}
        {%- set quoted = adapter.quote(key['name'].replace('"', '""')) -%}
        {#- NULL has no hash, so such rows are left out; every other value is below what follows `f`. -#}
        {%- do where.append(dbt.hash(quoted) ~ " < '" ~ asked['threshold'] ~ "'") -%}
        {%- do sample.append(asked['percent'] ~ ' % by ' ~ key['name']) -%}
    {%- endif -%}
    {%- if asked['since'] -%}
        {%- set time = dbt_isolation.pick_column(table['times'], columns) -%}
        {%- if not time['name'] -%}
            {%- do problem.update({'problem': 'time', 'columns': columns, 'wanted': time['wanted']}) -%}
            {{ return({'problem': problem}) }}
        {%- endif -%}
        {%- set sql = adapter.quote(time['name'].replace('"', '""')) if time['is_column'] else '(' ~ time['name'] ~ ')' -%}
        {%- do where.append(dbt_isolation.not_before(original, sql, asked['since'])) -%}
        {%- do sample.append('since ' ~ asked['since']['said'] ~ ' by ' ~ time['name']) -%}
    {%- endif -%}
    {%- if asked['schema_only'] -%}
        {%- do where.append('1 = 0') -%}
        {%- do sample.append('no rows') -%}
    {%- endif -%}
    {%- set existing = adapter.get_relation(database=database, schema=schema, identifier=source.identifier) -%}
    {%- if existing and not asked['replace'] -%}
        {%- set comment = dbt_isolation.table_comment(existing) if existing.type == 'table' else none -%}
        {%- if not (comment or '').startswith(asked['tag']) -%}
            {%- do problem.update({'problem': 'taken'}) -%}
            {{ return({'problem': problem}) }}
        {%- endif -%}
    {%- endif -%}
    {{ return({
        'node': table['node'], 'original': original, 'place': place, 'existing': existing,
        'where': where, 'sample': sample | join(', ') or 'all rows', 'problem': none,
    }) }}
{% endmacro %}
