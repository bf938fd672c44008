-- $attempts: how many are allowed; $since: only those not tried since then; $refused: hosts to leave alone; $limit: how
-- many; $feeds, $sources: of articles in these feeds, from these sources; $backfilled: of articles that a backfill
-- brought (true) or that feeds brought (false); $published_since: of articles no older than that. NULL: all.
WITH candidates AS (
    SELECT image_id, url, proxy_url, attempts
    FROM clean.images
    WHERE (status = 'pending' OR (status = 'failed' AND attempts < $attempts AND fetched_at < $since))
        AND (
            proxy_url IS NOT NULL
            OR NOT list_contains($refused::VARCHAR[], host_of(url))
        )
),
shown AS (
    SELECT c.image_id, a.article_id, a.feed_id, a.url
    FROM candidates c
    JOIN clean.article_images USING (image_id)
    JOIN clean.articles a USING (article_id)
    WHERE $published_since::TIMESTAMPTZ IS NULL OR a.published_at >= $published_since::TIMESTAMPTZ
),
brought AS (
    SELECT DISTINCT s.article_id
    FROM shown s
    JOIN raw.entries e USING (article_id)
    JOIN raw.documents d ON d.document_id = e.document_id AND d.feed_id = e.feed_id
    LEFT JOIN ops.runs r ON r.run_id = d.run_id
    WHERE ($feeds::VARCHAR[] IS NULL OR list_contains($feeds::VARCHAR[], e.feed_id))
        AND ($sources::VARCHAR[] IS NULL OR list_contains($sources::VARCHAR[], d.source))
        AND (
            $backfilled::BOOLEAN IS NULL
            OR (d.source <> 'feed' OR coalesce(r.flow, '') = 'backfill') = $backfilled::BOOLEAN
        )
),
chosen AS (
    SELECT image_id, min(feed_id) AS feed_id, min(url) AS article_url
    FROM shown SEMI JOIN brought USING (article_id)
    GROUP BY ALL
)
SELECT image_id, url, proxy_url, attempts, feed_id, article_url
FROM candidates
LEFT JOIN chosen USING (image_id)
-- an image that no article shows any more is nobody's: only a run that asks for all fetches it
WHERE chosen.image_id IS NOT NULL
    OR (
        $feeds::VARCHAR[] IS NULL AND $sources::VARCHAR[] IS NULL AND $backfilled::BOOLEAN IS NULL
        AND $published_since::TIMESTAMPTZ IS NULL
    )
ORDER BY attempts, image_id
LIMIT $limit
