select flower_id, 'flower ' || flower_id as name from range(1, 11) as numbers (flower_id)
