"""What dbt would make of a node's template, as far as that is known without a run."""
