{#-
  One part of a node's relation: {'name', 'problem'}. `name` is what naming gives; `problem` is empty, or says why
  the schema may not be written and which place it would have been.
-#}
{% macro place(run, target, part, default, custom=none, node=none) %}
    {%- set found = namespace(name=default, problem=run['problem']) -%}
    {%- set templates = {} -%}
    {%- if not found.problem -%}
        {%- do templates.update(run['spec']) -%}
        {%- if run['spec'].get('overrides') and node and node.package_name == project_name -%}
            {%- set path = (node.original_file_path | string).replace('\\', '/') -%}
            {%- set first = namespace(override=none) -%}
            {%- for override in run['spec']['overrides'] -%}
                {%- set prefix = override['path'].replace('\\', '/').strip('/') -%}
                {%- if first.override is none and (path == prefix or path.startswith(prefix ~ '/')) -%}
                    {%- set first.override = override -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if first.override is not none -%}{%- do templates.update(first.override) -%}{%- endif -%}
        {%- endif -%}
        {%- if part in templates -%}
            {%- set made = dbt_isolation.expand_template(templates[part], part, default, custom, node, target) -%}
            {%- set found.name = made['text'] -%}
            {%- set found.problem = made['problem'] -%}
        {%- endif -%}
        {%- if part == 'schema' -%}
            {%- for other in ['database', 'alias'] if other in templates -%}
                {%- set made = dbt_isolation.expand_template(templates[other], other, '', none, node, target) -%}
                {%- set found.problem = found.problem or made['problem'] -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {%- if part == 'schema' and not run['observe'] -%}
        {%- if not found.problem and not run['spec'].get('protected') -%}
            {%- set owner = dbt_isolation.owner_of(run['block'], (node.database if node else none) or target.database, found.name) -%}
            {%- if owner['name'] -%}
                {%- set found.problem = "environment '" ~ owner['name'] ~ "' owns " ~ owner['glob'] -%}
            {%- endif -%}
        {%- endif -%}
        {%- if found.problem -%}
            {%- set limit = dbt_isolation.identifier_limit(target.type) -%}
            {{ return({'name': (default | string | trim)[:limit - 9] ~ '__refused', 'problem': found.problem}) }}
        {%- endif -%}
    {%- elif found.problem -%}
        {{ return({'name': default, 'problem': found.problem}) }}
    {%- endif -%}
    {{ return({'name': found.name, 'problem': found.problem}) }}
{% endmacro %}
