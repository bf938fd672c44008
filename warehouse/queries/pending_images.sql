-- $1: attempts allowed; $2: only those not tried since then; $3: hosts to leave alone; $4: how many
SELECT image_id, url, proxy_url, attempts, feed_id, article_url
FROM clean.images
LEFT JOIN (
    SELECT image_id, min(feed_id) AS feed_id, min(url) AS article_url
    FROM clean.article_images JOIN clean.articles USING (article_id)
    GROUP BY ALL
) USING (image_id)
WHERE (status = 'pending' OR (status = 'failed' AND attempts < $1 AND fetched_at < $2))
    AND (
        proxy_url IS NOT NULL
        OR NOT list_contains($3::VARCHAR[], regexp_extract(lower(url), '^https?://(?:[^/?#]*@)?([^/?#]+)', 1))
    )
ORDER BY attempts, image_id
LIMIT $4
