-- Documents of one article each that have an entry and came from the source $1.
SELECT d.document_id, d.feed_id, d.fetched_at
FROM raw.documents d
WHERE d.source = $1 AND d.form <> 'feed' AND d.document_id IN (SELECT e.document_id FROM raw.entries e)
