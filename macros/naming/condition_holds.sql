{#- Whether `{env_var, equals}` or `{user: […]}` holds; the user is the connection's, never a variable. -#}
{% macro condition_holds(condition, target) %}
    {%- if 'user' in condition -%}
        {%- set users = [condition['user']] if condition['user'] is string else condition['user'] -%}
        {{ return((target.user or '') in users) }}
    {%- endif -%}
    {%- set value = env_var(condition['env_var'], '') -%}
    {%- if condition.get('equals') is none -%}{{ return(value != '') }}{%- endif -%}
    {{ return(value == condition['equals'] | string) }}
{% endmacro %}
