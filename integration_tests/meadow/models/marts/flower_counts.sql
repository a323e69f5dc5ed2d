select flowers.name, sum(visits.bees) as bees
from {{ ref('flowers') }} as flowers
left join {{ ref('visits') }} as visits on visits.flower_id = flowers.flower_id
group by flowers.name
