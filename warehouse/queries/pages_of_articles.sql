-- stage_ids(id): articles. The documents of their own pages, also those that gave no text: at every address that the
-- articles had, as a feed may have changed it since.
WITH asked AS (
    SELECT feed_id, unnest([url, final_url]) AS url FROM clean.pages SEMI JOIN stage_ids s ON article_id = s.id
    UNION
    SELECT feed_id, url FROM clean.article_versions SEMI JOIN stage_ids s ON article_id = s.id
), answered AS (
    SELECT document_id, feed_id, fetched_at, landing_path, unnest([url, final_url]) AS url
    FROM raw.documents
    WHERE form IN ('page', 'pages')
)
SELECT DISTINCT document_id, feed_id, fetched_at, landing_path AS path FROM answered SEMI JOIN asked USING (feed_id, url)
