-- What only the published copy has: how it was made.
CREATE TABLE ops.publications (
    published_at TIMESTAMPTZ,
    kind VARCHAR,
    rows_copied BIGINT,
    rows_removed BIGINT,
    source_state VARCHAR
);
COMMENT ON TABLE ops.publications IS 'How this copy was published: in full, and what was brought up to date since; in the published copy only. Key: published_at.';
COMMENT ON COLUMN ops.publications.published_at IS 'When the warehouse was read, UTC: what was loaded later is not in this copy';
COMMENT ON COLUMN ops.publications.kind IS 'full (all rows were copied) or incremental (those that had changed)';
COMMENT ON COLUMN ops.publications.rows_copied IS 'Rows that were copied from the warehouse';
COMMENT ON COLUMN ops.publications.rows_removed IS 'Rows of the copy before that were gone or had changed';
COMMENT ON COLUMN ops.publications.source_state IS 'What the warehouse''s file looked like: where it looks the same, nothing has changed';
