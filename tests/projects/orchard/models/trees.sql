{{ config(materialized='table') }}
select tree_id, {{ var('height') }} as height, '{{ target.name }}' as trees_at from {{ source('raw', 'trees') }}
