{% test equals_seed(model, expected) %}

{% set columns = adapter.get_columns_in_relation(expected) | map(attribute='quoted') | join(', ') if execute else '*' %}

with actual as (

    select {{ columns }} from {{ model }}

),

expected as (

    select {{ columns }} from {{ expected }}

),

-- `all`, so that a row too many is a difference too.
unexpected as (

    select * from actual
    except all
    select * from expected

),

missing as (

    select * from expected
    except all
    select * from actual

)

select 'unexpected' as difference, * from unexpected
union all
select 'missing' as difference, * from missing

{% endtest %}
