SELECT max(version), any_value(name) FILTER (version = 0) FROM ops.schema_migrations
