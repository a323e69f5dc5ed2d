{{ config(materialized='ephemeral') }}
select * from {{ ref('apples') }} where tree_id > 0
