-- stage_ids(id): articles. When feeds first had each title and text of theirs, without what their own pages gave.
SELECT e.article_id, e.content_hash, min(e.first_seen_at) AS first_seen_at
FROM raw.entries e
SEMI JOIN stage_ids s ON e.article_id = s.id
JOIN raw.documents d ON d.document_id = e.document_id AND d.feed_id = e.feed_id
WHERE coalesce(d.form, 'feed') NOT IN ('page', 'pages')
GROUP BY e.article_id, e.content_hash
