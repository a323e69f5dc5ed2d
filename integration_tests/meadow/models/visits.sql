select visit_id, flower_id, bees from {{ source('garden', 'visits') }}
