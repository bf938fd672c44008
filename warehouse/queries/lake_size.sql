-- Files and bytes of the lake's current snapshot, by the catalog's own tables (see lake_tables.sql)
SELECT count(*), coalesce(sum(file_size_bytes), 0)::BIGINT
FROM (
    SELECT file_size_bytes FROM __ducklake_metadata_newsmill.ducklake_data_file WHERE end_snapshot IS NULL
    UNION ALL
    SELECT file_size_bytes FROM __ducklake_metadata_newsmill.ducklake_delete_file WHERE end_snapshot IS NULL
)
