-- stage_replaced, as for replace_documents. Where documents lie now that were queued again while they were rewritten.
SELECT s.landing_path AS path, s.document_id, s.feed_id, s.fetched_at
FROM stage_replaced s
JOIN ops.erasures e ON e.document_id = s.former_id AND e.feed_id = s.feed_id AND e.fetched_at = s.fetched_at
WHERE s.document_id IS NOT NULL AND e.queued_at IS DISTINCT FROM s.queued_at
