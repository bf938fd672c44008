-- Tables to refill from a rebuilt warehouse; the others describe the lake itself.
SELECT schema_name, table_name
FROM duckdb_tables()
WHERE database_name = 'rebuilt' AND schema_name IN ('raw', 'clean', 'ops')
    AND table_name NOT IN ('schema_migrations', 'turns')
ORDER BY ALL
