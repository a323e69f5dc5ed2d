{#-
  A node's database, schema or alias in this run. It never raises, so that parse, ls, docs and IDEs always work:
  a schema that would be wrong to write gets dbt's own name with a suffix that can be no one's, and
  `refused_writes` finds the reason again.

  part: 'database', 'schema' or 'alias'; default: what dbt itself would name; custom: what the node's config says.
-#}
{% macro name_of(part, default, custom=none, node=none) %}
    {%- set block = var('dbt_isolation', '') -%}
    {%- if block == '' -%}{{ return(default) }}{%- endif -%}
    {%- set run = dbt_isolation.current_run(block) -%}
    {{ return(dbt_isolation.place(run, target, part, default, custom, node)['name']) }}
{% endmacro %}
