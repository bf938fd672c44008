-- The views of newsmill 0.1.0, as a warehouse that it made holds them.
CREATE OR REPLACE VIEW marts.article_revisions AS
SELECT
    v.article_id, v.feed_id, v.version, v.valid_from, v.url,
    p.title AS title_before, v.title AS title_after,
    p.title IS DISTINCT FROM v.title AS title_changed,
    p.word_count AS words_before, v.word_count AS words_after,
    p.content_text AS text_before, v.content_text AS text_after
FROM clean.article_versions v
JOIN clean.article_versions p ON p.article_id = v.article_id AND p.version = v.version - 1
ORDER BY v.valid_from DESC;
COMMENT ON VIEW marts.article_revisions IS 'Each change an article went through: its title and text before and after.';
CREATE OR REPLACE VIEW marts.daily_volume AS
SELECT
    CAST(published_at AS DATE) AS day, feed_id, language,
    count(*) AS articles, sum(word_count) AS words
FROM clean.articles
GROUP BY ALL
ORDER BY day DESC, articles DESC;
COMMENT ON VIEW marts.daily_volume IS 'Articles and words a day (UTC), by feed and language.';
CREATE OR REPLACE VIEW marts.feed_health AS
WITH held AS (
    SELECT feed_id, count(*) AS articles, max(published_at) AS newest_article_at
    FROM clean.articles GROUP BY feed_id
), rejected AS (
    SELECT feed_id, count(*) AS rejects FROM ops.rejects GROUP BY feed_id
)
SELECT
    f.feed_id, f.name,
    CASE
        WHEN f.disabled_reason IS NOT NULL THEN 'disabled'
        WHEN f.consecutive_failures >= 3 THEN 'failing'
        WHEN f.consecutive_failures > 0 THEN 'shaky'
        WHEN h.articles IS NULL AND r.rejects > 0 THEN 'rejected'
        ELSE 'healthy'
    END AS health,
    coalesce(h.articles, 0) AS articles, h.newest_article_at,
    f.last_success_at, f.last_new_at, f.next_fetch_at, f.consecutive_failures, f.last_status,
    coalesce(f.disabled_reason, f.last_error) AS problem,
    coalesce(r.rejects, 0) AS rejects
FROM ops.feeds f
LEFT JOIN held h USING (feed_id)
LEFT JOIN rejected r USING (feed_id)
ORDER BY f.consecutive_failures DESC, f.feed_id;
COMMENT ON VIEW marts.feed_health IS 'Each feed: healthy, shaky, failing, rejected (what it serves is no feed) or disabled, since when and why.';
CREATE OR REPLACE VIEW marts.image_coverage AS
SELECT
    a.feed_id,
    count(*) AS images,
    count(*) FILTER (i.status = 'stored') AS stored,
    count(*) FILTER (i.status = 'pending') AS pending,
    count(*) FILTER (i.status = 'failed') AS failed,
    count(*) FILTER (i.status = 'skipped') AS skipped,
    round(count(*) FILTER (i.status = 'stored') / count(*), 3) AS share_stored,
    sum(i.bytes) AS bytes
FROM clean.article_images ai
JOIN clean.articles a USING (article_id)
JOIN clean.images i USING (image_id)
GROUP BY a.feed_id
ORDER BY images DESC;
COMMENT ON VIEW marts.image_coverage IS 'How many of the images a feed''s articles show are stored.';
CREATE OR REPLACE VIEW marts.latest_articles AS
SELECT
    a.article_id, a.feed_id, f.name AS feed, a.title, a.author, a.published_at, a.first_seen_at, a.language,
    a.word_count, a.summary, a.url, a.version, i.path AS lead_image
FROM clean.articles a
LEFT JOIN ops.feeds f USING (feed_id)
LEFT JOIN clean.images i ON i.image_id = a.lead_image_id AND i.status = 'stored'
WHERE a.duplicate_of IS NULL
ORDER BY a.published_at DESC;
COMMENT ON VIEW marts.latest_articles IS 'Articles, the newest first, with their feed and lead image.';
