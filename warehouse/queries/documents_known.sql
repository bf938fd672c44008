-- stage_ids(id): erasures. Those whose document the warehouse still has as it was queued, and where it was queued.
SELECT e.erasure_id
FROM ops.erasures e
SEMI JOIN stage_ids s ON e.erasure_id = s.id
SEMI JOIN raw.documents d
    ON d.document_id = e.document_id AND d.feed_id = e.feed_id AND d.fetched_at = e.fetched_at
    AND d.landing_path = e.path
