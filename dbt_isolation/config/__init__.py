"""`vars: dbt_isolation:` of a dbt project: the block, the dataclasses it becomes, and how values are read."""
