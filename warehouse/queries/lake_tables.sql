-- Tables with several files or deleted rows, by the catalog's own tables: DuckLake's ducklake_table_info once aborted the
-- process, joined with duckdb_tables() on a busy machine (DuckDB 1.5.4).
SELECT DISTINCT s.schema_name, t.table_name
FROM __ducklake_metadata_newsmill.ducklake_table t
JOIN __ducklake_metadata_newsmill.ducklake_schema s ON s.schema_id = t.schema_id
WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL
    AND (
        t.table_id IN (
            SELECT table_id FROM __ducklake_metadata_newsmill.ducklake_data_file
            WHERE end_snapshot IS NULL GROUP BY table_id HAVING count(*) > 1
        )
        OR t.table_id IN (SELECT table_id FROM __ducklake_metadata_newsmill.ducklake_delete_file WHERE end_snapshot IS NULL)
    )
ORDER BY ALL
