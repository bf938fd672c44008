-- stage_replaced(former_id, feed_id, fetched_at, document_id, size, landing_path, form, queued_at): documents that were
-- rewritten or moved; document_id is NULL for those that are no more, queued_at for those that were not asked for.
UPDATE raw.documents d
SET document_id = s.document_id, size = s.size, landing_path = s.landing_path, form = s.form
FROM stage_replaced s
WHERE d.document_id = s.former_id AND d.feed_id = s.feed_id AND d.fetched_at = s.fetched_at AND s.document_id IS NOT NULL;
DELETE FROM raw.documents d
USING stage_replaced s
WHERE d.document_id = s.former_id AND d.feed_id = s.feed_id AND d.fetched_at = s.fetched_at AND s.document_id IS NULL;
UPDATE raw.entries e
SET document_id = s.document_id
FROM stage_replaced s
WHERE e.document_id = s.former_id AND e.feed_id = s.feed_id AND s.document_id <> s.former_id;
DELETE FROM ops.rejects r
USING stage_replaced s
WHERE r.document_id = s.former_id AND r.feed_id = s.feed_id AND s.document_id IS NULL;
UPDATE ops.rejects r
SET document_id = s.document_id
FROM stage_replaced s
WHERE r.document_id = s.former_id AND r.feed_id = s.feed_id AND s.document_id <> s.former_id;
