SELECT (SELECT max(version) FROM ops.schema_migrations) AS schema, (SELECT count(*) FROM clean.articles) AS articles
