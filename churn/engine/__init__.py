"""Where a log is read: DuckDB, PostgreSQL, Spark."""
