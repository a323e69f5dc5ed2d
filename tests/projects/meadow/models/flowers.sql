select 1 as flower_id, 'poppy' as name
