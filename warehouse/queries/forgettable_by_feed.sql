-- stage_limits(feed_id, until): feeds, each with the time before which its articles were published; NULL is any time.
-- An article is forgotten if each of its feeds is there and it is older than each limit; else it is shared.
WITH held AS (
    SELECT DISTINCT article_id, feed_id FROM raw.entries WHERE article_id IS NOT NULL
), judged AS (
    SELECT h.article_id, l.feed_id IS NOT NULL AND (l.until IS NULL OR a.published_at < l.until) AS chosen
    FROM held h
    JOIN clean.articles a ON a.article_id = h.article_id
    LEFT JOIN stage_limits l ON l.feed_id = h.feed_id
)
SELECT article_id, bool_and(chosen) AS whole FROM judged GROUP BY article_id HAVING bool_or(chosen)
