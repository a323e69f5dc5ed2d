{#-
  A node's database, schema or alias in this run. It never raises, so that parse, ls, docs and IDEs always work:
  a schema that would be wrong to write gets dbt's own name with a suffix that can be no one's, and
  `refused_writes` finds the reason again.

  part: 'database', 'schema' or 'alias'; default: what dbt itself would name; custom: what the node's config says.

  dbt asks for three names a node, in a context whose `target` it makes for naming alone. So the run and the names
  already made are kept there: without that, a full parse of 1,000 models takes a third longer.
-#}
{% macro name_of(part, default, custom=none, node=none) %}
    {%- set block = var('dbt_isolation', '') -%}
    {%- if block == '' -%}{{ return(default) }}{%- endif -%}
    {%- set memo = target.dbt_isolation -%}
    {%- if not memo -%}
        {%- set run = dbt_isolation.current_run(block) -%}
        {%- set memo = {'run': run, 'names': {}, 'by_node': dbt_isolation.names_depend_on_node(run)} -%}
        {%- if target.update is defined -%}{%- do target.update({'dbt_isolation': memo}) -%}{%- endif -%}
    {%- endif -%}
    {%- if memo['by_node'] -%}
        {{ return(dbt_isolation.place(memo['run'], target, part, default, custom, node)['name']) }}
    {%- elif part != 'schema' and part not in memo['run']['spec'] -%}
        {{ return(default) }}
    {%- endif -%}
    {%- set key = [part, default, custom, node.database if node else none] | string -%}
    {%- if key not in memo['names'] -%}
        {%- set name = dbt_isolation.place(memo['run'], target, part, default, custom, node)['name'] -%}
        {%- do memo['names'].update({key: name}) -%}
    {%- endif -%}
    {{ return(memo['names'][key]) }}
{% endmacro %}
