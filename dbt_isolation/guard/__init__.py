"""The dbt plugin: what guards a dbt Core 1.x process from inside. Nothing else here imports dbt."""
