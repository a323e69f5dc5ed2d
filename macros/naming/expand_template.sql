{#-
  A template's text: {'text', 'problem'}. An empty token takes one neighbouring `_` with it; an empty name falls back
  to the target's, a name too long for the engine is cut and hashed.
-#}
{% macro expand_template(template, part, default, custom, node, target) %}
    {%- set made = namespace(text='', problem='') -%}
    {%- for piece in template.split('{') -%}
        {%- if loop.first -%}
            {%- set made.text = piece -%}
        {%- else -%}
            {%- set token = piece.split('}')[0] -%}
            {%- set rest = piece[(token | length) + 1:] -%}
            {%- set value = namespace(text='') -%}
            {%- if token == 'user' -%}
                {%- set value.text = dbt_isolation.slug(
                    env_var('DBT_ISOLATION_USER', '') or target.user or env_var('USER', '') or env_var('USERNAME', '')
                ) -%}
                {%- if not value.text -%}{%- set made.problem = 'nothing says who {user} is' -%}{%- endif -%}
            {%- elif token.startswith('env:') -%}
                {%- set name = token[4:] -%}
                {%- set value.text = env_var(name, '{unset}') -%}
                {%- if value.text == '{unset}' -%}
                    {%- set made.problem = "environment variable '" ~ name ~ "' is not set" -%}
                {%- endif -%}
                {%- set value.text = dbt_isolation.slug(value.text) -%}
            {%- elif token == 'target_database' -%}{%- set value.text = target.database -%}
            {%- elif token == 'target_schema' -%}{%- set value.text = target.schema -%}
            {%- elif token == 'alias' -%}
                {%- set value.text = default if part == 'alias'
                    else adapter.dispatch('generate_alias_name', 'dbt')(node.config.alias if node else none, node) -%}
            {%- elif token == 'custom_schema' -%}
                {%- set value.text = custom if part == 'schema' else (node.config.schema if node else none) -%}
            {%- elif token == 'custom_database' -%}
                {%- set value.text = custom if part == 'database' else (node.config.database if node else none) -%}
            {%- endif -%}
            {%- set text = (value.text or '') | string | trim -%}
            {%- if text -%}
                {%- set made.text = made.text ~ text ~ rest -%}
            {%- elif made.text.endswith('_') -%}
                {%- set made.text = made.text[:-1] ~ rest -%}
            {%- elif rest.startswith('_') -%}
                {%- set made.text = made.text ~ rest[1:] -%}
            {%- else -%}
                {%- set made.text = made.text ~ rest -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set fallback = {'database': target.database, 'schema': target.schema, 'alias': default} -%}
    {%- set limit = dbt_isolation.identifier_limit(target.type) -%}
    {%- if not made.text -%}
        {%- set made.text = fallback[part] -%}
    {%- elif made.text | length > limit -%}
        {%- set made.text = made.text[:limit - 9] ~ '_' ~ local_md5(made.text)[:8] -%}
    {%- endif -%}
    {{ return({'text': made.text, 'problem': made.problem}) }}
{% endmacro %}
