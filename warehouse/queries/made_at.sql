-- Since when there is this warehouse.
SELECT min(applied_at) FROM ops.schema_migrations WHERE version > 0
