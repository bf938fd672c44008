-- When this warehouse was made.
SELECT min(applied_at) FROM ops.schema_migrations WHERE version > 0
