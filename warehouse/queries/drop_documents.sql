-- stage_dropped(document_id, feed_id, fetched_at, now_id): documents that the landing zone has no longer as they were
-- loaded; now_id is the id of what was kept of one, where that is known.
DELETE FROM raw.documents d
USING stage_dropped s
WHERE d.document_id = s.document_id AND d.feed_id = s.feed_id AND d.fetched_at = s.fetched_at;
DELETE FROM ops.rejects r
USING stage_dropped s
WHERE r.document_id = s.document_id AND r.feed_id = s.feed_id;
UPDATE raw.entries e
SET document_id = s.now_id
FROM stage_dropped s
WHERE e.document_id = s.document_id AND e.feed_id = s.feed_id AND s.now_id <> s.document_id
