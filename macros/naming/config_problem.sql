{#- What is wrong with the block, so far as protection depends on it; empty if nothing is. `doctor` says it all. -#}
{% macro config_problem(block) %}
    {%- set known = ['state', 'mode', 'environments', 'post_run', 'copy_limit'] -%}
    {%- set known_in_environment = [
        'targets', 'when', 'protected', 'owns', 'deployer', 'database', 'schema', 'alias', 'overrides', 'reads',
        'expires', 'sources', 'unbuilt_change', 'max_age', 'cross_views', 'scheduled',
    ] -%}
    {%- if block is not mapping -%}{{ return('a mapping is needed') }}{%- endif -%}
    {%- if '{{' in block | string -%}{{ return("'{{': dbt does not render Jinja in vars") }}{%- endif -%}
    {%- for key in block if key not in known -%}{{ return("key '" ~ key ~ "' of dbt_isolation: unknown") }}{%- endfor -%}
    {%- if block.get('mode', 'enforce') not in ['enforce', 'observe'] -%}
        {{ return("mode: '" ~ block['mode'] ~ "' is none of enforce, observe") }}
    {%- endif -%}
    {%- if block.get('environments') is not mapping -%}{{ return('no environment') }}{%- endif -%}
    {%- set found = namespace(protected=false) -%}
    {%- for name, written in block['environments'].items() -%}
        {%- set spec = written or {} -%}
        {%- set key = 'environments.' ~ name -%}
        {%- if spec is not mapping -%}{{ return(key ~ ': a mapping is needed') }}{%- endif -%}
        {%- for setting in spec if setting not in known_in_environment -%}
            {{ return(key ~ '.' ~ setting ~ ": unknown key '" ~ setting ~ "'") }}
        {%- endfor -%}
        {%- if 'targets' in spec and (spec['targets'] is string or spec['targets'] is mapping) -%}
            {{ return(key ~ '.targets: a list is needed') }}
        {%- endif -%}
        {%- set places = [spec] + (spec.get('overrides') or []) -%}
        {%- for one in places -%}
            {%- for part in ['database', 'schema', 'alias'] if part in one -%}
                {%- for piece in (one[part] | string).split('{')[1:] -%}
                    {%- set token = piece.split('}')[0] -%}
                    {%- if '}' not in piece or not (token in [
                        'target_database', 'target_schema', 'custom_database', 'custom_schema', 'alias', 'user'
                    ] or (token.startswith('env:') and token | length > 4)) -%}
                        {{ return(key ~ '.' ~ part ~ ": unknown token '{" ~ token ~ "}'") }}
                    {%- endif -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if spec.get('protected') -%}
            {%- set found.protected = true -%}
            {%- if 'deployer' not in spec -%}{{ return(key ~ ': deployer is missing') }}{%- endif -%}
            {%- if 'owns' in spec -%}
                {%- if spec['owns'] is string or spec['owns'] is mapping or not spec['owns'] -%}
                    {{ return(key ~ '.owns: a list is needed') }}
                {%- endif -%}
                {%- for glob in spec['owns'] -%}
                    {%- if '.' not in glob -%}
                        {{ return(key ~ ".owns: '" ~ glob ~ "' is no glob of database.schema") }}
                    {%- endif -%}
                    {%- for piece in glob.split('{env:')[1:] -%}
                        {%- set variable = piece.split('}')[0] -%}
                        {%- if env_var(variable, '{unset}') == '{unset}' -%}
                            {{ return(key ~ ".owns: environment variable '" ~ variable ~ "' is not set") }}
                        {%- endif -%}
                    {%- endfor -%}
                {%- endfor -%}
            {%- else -%}
                {%- for part in ['database', 'schema'] -%}
                    {%- for one in places if 'path' not in one or part in one -%}
                        {%- if '{target_' in one.get(part, '{target_}') -%}
                            {{ return(key ~ '.owns: missing, and not to be known from the templates') }}
                        {%- endif -%}
                    {%- endfor -%}
                {%- endfor -%}
            {%- endif -%}
        {%- elif 'owns' in spec or 'deployer' in spec -%}
            {{ return(key ~ '.' ~ ('owns' if 'owns' in spec else 'deployer') ~ ': only for a protected environment') }}
        {%- endif -%}
    {%- endfor -%}
    {{ return('' if found.protected else 'no protected environment') }}
{% endmacro %}
