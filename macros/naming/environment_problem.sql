{#- What is wrong with one environment: the rest of its key and the problem; empty if nothing is. -#}
{% macro environment_problem(spec) %}
    {%- set known = [
        'targets', 'when', 'protected', 'owns', 'deployer', 'database', 'schema', 'alias', 'overrides', 'reads',
        'expires', 'sources', 'unbuilt_change', 'max_age', 'cross_views', 'copy_rows', 'scheduled',
    ] -%}
    {%- if spec is not mapping -%}{{ return(': a mapping is needed') }}{%- endif -%}
    {%- for key in spec if key not in known -%}{{ return('.' ~ key ~ ": unknown key '" ~ key ~ "'") }}{%- endfor -%}
    {%- for key in ['targets', 'owns', 'overrides'] if key in spec -%}
        {%- if spec[key] is string or spec[key] is mapping or spec[key] is not iterable -%}
            {{ return('.' ~ key ~ ': a list is needed') }}
        {%- endif -%}
        {%- for one in spec[key] -%}
            {%- if (key == 'overrides' and one is not mapping) or (key != 'overrides' and one is not string) -%}
                {{ return('.' ~ key ~ ": '" ~ one ~ "' is not what is needed there") }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for key in ['when', 'deployer'] if key in spec -%}
        {%- set condition = spec[key] -%}
        {%- if condition is not mapping or not (condition.get('user') or condition.get('env_var'))
            or (condition.get('env_var') is not string and 'user' not in condition)
            or ('user' in condition and condition['user'] is not string and condition['user'] is not iterable) -%}
            {{ return('.' ~ key ~ ': no condition') }}
        {%- endif -%}
    {%- endfor -%}
    {%- if spec.get('protected', false) not in [true, false] -%}
        {{ return('.protected: true or false is needed') }}
    {%- endif -%}
    {%- set places = [spec] + (spec.get('overrides') or []) | list -%}
    {%- for one in places -%}
        {%- if 'path' in one and one['path'] is not string -%}{{ return('.overrides: path: text is needed') }}{%- endif -%}
        {%- for part in ['database', 'schema', 'alias'] if part in one -%}
            {%- set problem = dbt_isolation.template_problem(one[part]) -%}
            {%- if problem -%}{{ return('.' ~ part ~ ': ' ~ problem) }}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for one in spec.get('overrides') or [] if not one.get('path') -%}
        {{ return('.overrides: path is missing') }}
    {%- endfor -%}
    {%- if not spec.get('protected') -%}
        {%- for key in ['owns', 'deployer'] if key in spec -%}
            {{ return('.' ~ key ~ ': only for a protected environment') }}
        {%- endfor -%}
        {{ return('') }}
    {%- endif -%}
    {%- if 'deployer' not in spec -%}{{ return(': deployer is missing') }}{%- endif -%}
    {%- if 'owns' not in spec -%}
        {%- for one in places -%}
            {%- for part in ['database', 'schema'] -%}
                {%- if '{target_' in one.get(part, spec.get(part, '{target_}')) -%}
                    {{ return('.owns: missing, and not to be known from the templates') }}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {{ return('') }}
    {%- endif -%}
    {%- if not spec['owns'] -%}{{ return('.owns: an empty list') }}{%- endif -%}
    {%- for glob in spec['owns'] -%}
        {%- for piece in glob.split('{env:')[1:] -%}
            {%- set variable = piece.split('}')[0] -%}
            {%- if env_var(variable, '{unset}') == '{unset}' -%}
                {{ return(".owns: environment variable '" ~ variable ~ "' is not set") }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for place in dbt_isolation.owned_places(spec) -%}
        {%- if not place[0] or not place[1] -%}
            {{ return(".owns: '" ~ spec['owns'][loop.index0] ~ "' is no glob of database.schema") }}
        {%- endif -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}
