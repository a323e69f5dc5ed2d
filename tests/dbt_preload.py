"""What the fork server imports before it forks: dbt and its tasks, and nothing of ours."""

import dbt.adapters.duckdb
import dbt.adapters.postgres
import dbt.cli.main
import dbt.task.build
import dbt.task.clone
import dbt.task.retry  # noqa: F401
