-- stage_ids(id): articles. Those of them whose pages are gone, as they are now, if nothing was told of them since.
SELECT a.article_id, a.feed_id, a.source, a.content_hash, a.version, p.fetched_at
FROM clean.pages p
SEMI JOIN stage_ids s ON p.article_id = s.id
JOIN clean.articles a ON a.article_id = p.article_id
WHERE p.status = 'gone'
    AND NOT EXISTS (
        FROM ops.article_events e WHERE e.article_id = p.article_id AND e.kind <> 'removed' AND e.seen_at > p.fetched_at
    )
