-- Backfill: what a document holds, and how far each source was read.

ALTER TABLE raw.documents ADD COLUMN form VARCHAR;
UPDATE raw.documents SET form = 'feed';
COMMENT ON COLUMN raw.documents.form IS 'What the bytes hold: feed, article (a file of an archive) or page (a web page).';

CREATE TABLE ops.watermarks (
    watermark_id VARCHAR,
    source VARCHAR,
    location VARCHAR,
    parameters JSON,
    mark VARCHAR,
    documents BIGINT,
    started_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    run_id VARCHAR
);
COMMENT ON TABLE ops.watermarks IS 'How far each backfill has come: a source with its range. A killed one goes on from here.';
COMMENT ON COLUMN ops.watermarks.watermark_id IS 'Digest of source, location and parameters.';
COMMENT ON COLUMN ops.watermarks.source IS 'archive, feeds, wayback, paged, warc or sitemap.';
COMMENT ON COLUMN ops.watermarks.location IS 'Where it reads: a folder, a file, an address.';
COMMENT ON COLUMN ops.watermarks.parameters IS 'What was asked for: dates, sites, revision, limit (JSON).';
COMMENT ON COLUMN ops.watermarks.mark IS 'The last document that is committed, in the words of the source.';
COMMENT ON COLUMN ops.watermarks.documents IS 'Documents committed so far.';
COMMENT ON COLUMN ops.watermarks.started_at IS 'When it was begun.';
COMMENT ON COLUMN ops.watermarks.updated_at IS 'When the last batch was committed.';
COMMENT ON COLUMN ops.watermarks.finished_at IS 'When all of it was read; the next time it begins again.';
COMMENT ON COLUMN ops.watermarks.run_id IS 'The run that wrote it last (ops.runs).';
