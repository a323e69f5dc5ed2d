select tree_id, trees_at, '{{ target.name }}' as apples_at from {{ ref('trees') }}
