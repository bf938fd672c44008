-- From the old warehouse into the rebuilt one: everything that can't be rebuilt from documents.
MERGE INTO rebuilt.ops.runs t USING (FROM newsmill.ops.runs) s ON t.run_id = s.run_id
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.fetches t USING (FROM newsmill.ops.fetches) s ON t.run_id = s.run_id AND t.feed_id = s.feed_id
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.hosts t USING (FROM newsmill.ops.hosts) s ON t.host = s.host
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME;

-- what feeds say of themselves was read again, from the documents
MERGE INTO rebuilt.ops.feeds t USING (
    SELECT
        f.* REPLACE (
            coalesce(f.name, r.name) AS name,
            coalesce(f.language, r.language) AS language,
            CASE WHEN r.described_at IS NULL THEN f.title ELSE r.title END AS title,
            CASE WHEN r.described_at IS NULL THEN f.description ELSE r.description END AS description,
            CASE WHEN r.described_at IS NULL THEN f.link ELSE r.link END AS link,
            CASE WHEN r.described_at IS NULL THEN f.icon ELSE r.icon END AS icon,
            CASE WHEN r.described_at IS NULL THEN f.stated_language ELSE r.stated_language END AS stated_language,
            coalesce(r.described_at, f.described_at) AS described_at
        )
    FROM newsmill.ops.feeds f LEFT JOIN rebuilt.ops.feeds r ON r.feed_id = f.feed_id
) s ON t.feed_id = s.feed_id
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.clean.images t USING (FROM newsmill.clean.images WHERE status IN ('stored', 'failed')) s ON t.image_id = s.image_id
WHEN MATCHED THEN UPDATE SET
    status = s.status, media_type = s.media_type, width = s.width, height = s.height, bytes = s.bytes,
    sha256 = s.sha256, path = s.path, attempts = s.attempts, error = s.error, fetched_at = s.fetched_at
WHEN NOT MATCHED THEN INSERT BY NAME
;

-- pages that gave no document, and when each is asked next, which the documents do not tell
MERGE INTO rebuilt.clean.pages t USING (
    FROM newsmill.clean.pages p SEMI JOIN rebuilt.clean.articles a ON a.article_id = p.article_id
) s ON t.article_id = s.article_id
WHEN MATCHED THEN UPDATE SET
    attempts = s.attempts, next_try_at = s.next_try_at, gone_at = s.gone_at, gone_reason = s.gone_reason,
    back_at = s.back_at,
    feed_hash = coalesce(t.feed_hash, s.feed_hash),
    fetched_at = greatest(t.fetched_at, s.fetched_at),
    -- what was answered after its last document
    http_status = CASE WHEN s.fetched_at > t.fetched_at THEN s.http_status ELSE t.http_status END,
    error = CASE WHEN s.fetched_at > t.fetched_at THEN s.error ELSE t.error END,
    etag = CASE WHEN s.fetched_at > t.fetched_at THEN s.etag ELSE t.etag END,
    last_modified = CASE WHEN s.fetched_at > t.fetched_at THEN s.last_modified ELSE t.last_modified END,
    missing_since = CASE WHEN s.fetched_at > t.fetched_at THEN s.missing_since ELSE t.missing_since END,
    missing_count = CASE WHEN s.fetched_at > t.fetched_at THEN s.missing_count ELSE t.missing_count END,
    status = CASE WHEN s.status = 'gone' THEN 'gone' ELSE t.status END
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.robots t USING (FROM newsmill.ops.robots) s ON t.address = s.address
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.checks t USING (FROM newsmill.ops.checks) s ON t.run_id = s.run_id AND t.name = s.name
WHEN NOT MATCHED THEN INSERT BY NAME;

MERGE INTO rebuilt.ops.watermarks t USING (FROM newsmill.ops.watermarks) s ON t.watermark_id = s.watermark_id
WHEN NOT MATCHED THEN INSERT BY NAME;

-- the rebuilt one has the marks since it was begun, and perhaps documents that it queued
MERGE INTO rebuilt.ops.erasures t USING (FROM newsmill.ops.erasures) s ON t.erasure_id = s.erasure_id
WHEN NOT MATCHED THEN INSERT BY NAME;

-- Everything was new to the rebuilt one. What happened stays as it was recorded; new are events of documents that the
-- old one had not loaded.
DELETE FROM rebuilt.ops.article_events e
WHERE NOT EXISTS (
    SELECT 1
    FROM rebuilt.raw.documents d
    ANTI JOIN newsmill.raw.documents o
        ON o.document_id = d.document_id AND o.feed_id = d.feed_id AND o.fetched_at = d.fetched_at
    WHERE d.feed_id = e.feed_id AND d.fetched_at = e.seen_at
);
UPDATE rebuilt.ops.article_events
SET position = position + (SELECT coalesce(max(position), 0) FROM newsmill.ops.article_events);
INSERT INTO rebuilt.ops.article_events BY NAME FROM newsmill.ops.article_events;
MERGE INTO rebuilt.ops.outbox t USING (FROM newsmill.ops.outbox) s ON t.outbox = s.outbox AND t.event_id = s.event_id
WHEN NOT MATCHED THEN INSERT BY NAME;
MERGE INTO rebuilt.ops.outbox_cursors t USING (FROM newsmill.ops.outbox_cursors) s ON t.outbox = s.outbox
WHEN NOT MATCHED THEN INSERT BY NAME;

-- what a backfill could not read was never landed
MERGE INTO rebuilt.ops.rejects t USING (FROM newsmill.ops.rejects WHERE step = 'find') s ON t.reject_id = s.reject_id
WHEN NOT MATCHED THEN INSERT BY NAME
