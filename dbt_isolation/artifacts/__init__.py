"""dbt's artifacts as small typed records."""
