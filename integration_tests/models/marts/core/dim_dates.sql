with days as (

    {{ dbt.date_spine('day', "cast('2026-01-01' as date)", "cast('2028-01-01' as date)") }}

)

select
    cast(date_day as date) as date_day,
    cast(date_trunc('month', date_day) as date) as month_start,
    cast(date_trunc('quarter', date_day) as date) as quarter_start,
    extract(year from date_day) as year_number,
    extract(isodow from date_day) as weekday_number,
    extract(isodow from date_day) >= 6 as is_weekend
from days
