-- The validators of the newest document of each sitemap that a feed's sitemap lists, unless that could not be read.
SELECT feed_id, url, headers ->> '$.etag', headers ->> '$."last-modified"'
FROM raw.documents d
WHERE form = 'listed sitemap' AND source = 'feed'
    AND NOT EXISTS (SELECT 1 FROM ops.rejects r WHERE r.document_id = d.document_id AND r.feed_id = d.feed_id)
QUALIFY row_number() OVER (PARTITION BY feed_id, url ORDER BY fetched_at DESC) = 1
