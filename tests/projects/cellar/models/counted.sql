select count(*) as bottles from {{ source('bought', 'bottles') }}
