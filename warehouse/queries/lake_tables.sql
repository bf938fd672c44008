-- Tables with several files or deleted rows. $1: the lake
SELECT DISTINCT t.schema_name, t.table_name
FROM ducklake_table_info($1) i JOIN duckdb_tables() t ON t.table_name = i.table_name
WHERE t.database_name = 'newsmill' AND (i.file_count > 1 OR i.delete_file_count > 0)
ORDER BY ALL
