-- stage_ids(id): feeds. The entries of each feed's last document, which are the most likely to come again unchanged.
WITH latest AS (
    SELECT feed_id, max(fetched_at) AS fetched_at
    FROM raw.documents d SEMI JOIN stage_ids s ON d.feed_id = s.id
    WHERE d.source <> 'page'
    GROUP BY feed_id
)
SELECT e.feed_id, e.entry_id
FROM raw.entries e JOIN latest l ON e.feed_id = l.feed_id AND e.last_seen_at >= l.fetched_at
WHERE e.article_id IS NOT NULL
