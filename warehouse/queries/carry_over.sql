-- From the old warehouse into the rebuilt one: everything that can't be rebuilt from documents.
MERGE INTO rebuilt.ops.runs t USING (FROM newsmill.ops.runs) s ON t.run_id = s.run_id
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.fetches t USING (FROM newsmill.ops.fetches) s ON t.run_id = s.run_id AND t.feed_id = s.feed_id
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.hosts t USING (FROM newsmill.ops.hosts) s ON t.host = s.host
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.feeds t USING (FROM newsmill.ops.feeds) s ON t.feed_id = s.feed_id
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.clean.images t USING (FROM newsmill.clean.images WHERE status IN ('stored', 'failed')) s ON t.image_id = s.image_id
WHEN MATCHED THEN UPDATE SET
    status = s.status, media_type = s.media_type, width = s.width, height = s.height, bytes = s.bytes,
    sha256 = s.sha256, path = s.path, attempts = s.attempts, error = s.error, fetched_at = s.fetched_at
WHEN NOT MATCHED THEN INSERT BY NAME
;

MERGE INTO rebuilt.ops.checks t USING (FROM newsmill.ops.checks) s ON t.run_id = s.run_id AND t.name = s.name
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.watermarks t USING (FROM newsmill.ops.watermarks) s ON t.watermark_id = s.watermark_id
WHEN NOT MATCHED THEN INSERT BY NAME;

-- what a backfill could not read was never landed
MERGE INTO rebuilt.ops.rejects t USING (FROM newsmill.ops.rejects WHERE step = 'find') s ON t.reject_id = s.reject_id
WHEN NOT MATCHED THEN INSERT BY NAME
