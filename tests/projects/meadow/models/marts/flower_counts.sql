select count(*) as flowers from {{ ref('flowers') }}
