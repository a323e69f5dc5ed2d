{#-
  The condition that a time is not before `since`, which is in UTC: {'date', 'plain', 'zoned'}. A time without a zone
  is taken to be in UTC, whatever the session's zone is.
-#}
{% macro not_before(relation, sql, since) %}
    {%- set probe = 'select ' ~ sql ~ ' as moment from ' ~ relation ~ ' where 1 = 0' -%}
    {%- set kind = adapter.get_column_schema_from_query(probe)[0].dtype | string | lower -%}
    {%- if kind == 'date' -%}
        {{ return(sql ~ " >= cast('" ~ since['date'] ~ "' as date)") }}
    {%- elif kind.endswith('tz') or 'with time zone' in kind -%}
        {{ return(sql ~ " >= cast('" ~ since['zoned'] ~ "' as timestamp with time zone)") }}
    {%- endif -%}
    {{ return(sql ~ " >= cast('" ~ since['plain'] ~ "' as " ~ dbt.type_timestamp() ~ ')') }}
{% endmacro %}
