-- $now; $since: not asked since then (a run asks each page once); $refused: hosts to leave alone; $per_host; $limit;
-- $feeds: only these feeds' (NULL: all); stage_page_feeds(feed_id, policy, steps).
SELECT
    p.article_id, p.feed_id, p.url, coalesce(p.feed_title, a.title, '') AS title, a.guid,
    CASE WHEN a.published_known THEN a.published_at END AS published_at, a.updated_at, a.language,
    coalesce(a.authors, []) AS authors, coalesce(a.categories, []) AS categories, coalesce(a.summary, '') AS summary,
    coalesce(left(a.content_text, 1000), '') AS text, p.feed_words, p.title AS page_title, a.source,
    p.etag, p.last_modified, p.attempts, p.first_fetched_at
FROM clean.pages p
JOIN clean.articles a ON a.article_id = p.article_id
JOIN stage_page_feeds f ON f.feed_id = p.feed_id
WHERE f.policy <> 'never'
    AND ((p.status = 'pending' AND p.next_try_at IS NULL) OR p.next_try_at <= $now)
    AND (p.fetched_at IS NULL OR p.fetched_at < $since)
    AND ($feeds::VARCHAR[] IS NULL OR list_contains($feeds::VARCHAR[], p.feed_id))
    AND NOT list_contains($refused::VARCHAR[], host_of(p.url))
QUALIFY row_number() OVER (
    PARTITION BY host_of(p.url)
    ORDER BY p.status <> 'pending', a.first_seen_at DESC, p.article_id
) <= $per_host
ORDER BY row_number() OVER (
    PARTITION BY host_of(p.url)
    ORDER BY p.status <> 'pending', a.first_seen_at DESC, p.article_id
), p.article_id
LIMIT $limit
