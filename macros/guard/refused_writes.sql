{#- Why the selected nodes may not be written in this run: a line a reason or a node, none if they may. -#}
{% macro refused_writes(run, command) %}
    {%- set lines = [] -%}
    {%- set protected = run['spec'].get('protected', false) -%}
    {%- set deploys = protected and dbt_isolation.condition_holds(run['spec']['deployer'], target) -%}
    {%- set written = [] -%}
    {%- for id in selected_resources if id in graph.nodes and dbt_isolation.is_written(graph.nodes[id]) -%}
        {%- do written.append(graph.nodes[id]) -%}
    {%- endfor -%}
    {%- if (command != 'test' or written) and run['problem'] -%}
        {{ return([run['problem'] ~ '. Nothing may be written without an environment.']) }}
    {%- elif (command != 'test' or written) and protected and not deploys -%}
        {{ return(["environment '" ~ run['name'] ~ "' is protected, and this run is not its deployer's. "
            ~ 'Use a target of another environment.']) }}
    {%- endif -%}
    {%- for node in written -%}
        {%- set relation = [node.database, node.schema, node.alias] | select | join('.') -%}
        {%- set owner = dbt_isolation.owner_of(run['block'], node.database, node.schema) -%}
        {%- if node.schema.endswith('__refused') -%}
            {%- set real = dbt_isolation.place(
                run, target, 'schema', node.schema[:-9], node.config.schema, node
            ) -%}
            {%- do lines.append(node.unique_id ~ ' has no place: ' ~ (real['problem']
                or 'naming refused it when the project was parsed, so parse again with --no-partial-parse') ~ '.') -%}
        {%- elif owner['name'] and owner['name'] != run['name'] -%}
            {%- do lines.append(node.unique_id ~ ' would be written to ' ~ relation ~ ", which environment '"
                ~ owner['name'] ~ "' owns (" ~ owner['glob'] ~ '). Take the fixed schema or database out of its config.') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(lines) }}
{% endmacro %}
