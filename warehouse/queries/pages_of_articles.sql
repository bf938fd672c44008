-- stage_ids(id): articles. The documents of their own pages, also those that gave no text.
SELECT d.document_id, d.feed_id, d.fetched_at, d.landing_path AS path
FROM raw.documents d
JOIN (FROM clean.pages SEMI JOIN stage_ids s ON article_id = s.id) p ON d.feed_id = p.feed_id
WHERE d.form IN ('page', 'pages') AND (d.url IN (p.url, p.final_url) OR d.final_url IN (p.url, p.final_url))
