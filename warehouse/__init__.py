"""The warehouse: records, landing zone, schema, loading and publishing. Knows nothing of Prefect, HTTP or HTML."""
