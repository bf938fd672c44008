-- stage_done(document_id, feed_id, fetched_at): documents that were rebuilt. Counts the others.
SELECT count(*), min(d.final_url || ', ' || d.fetched_at)
FROM raw.documents d
ANTI JOIN stage_done s ON d.document_id = s.document_id AND d.feed_id = s.feed_id AND d.fetched_at = s.fetched_at
