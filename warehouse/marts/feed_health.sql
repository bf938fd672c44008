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
        WHEN epoch(f.last_success_at - f.newest_at) > f.usual_silence_seconds THEN 'silent'
        ELSE 'healthy'
    END AS health,
    coalesce(h.articles, 0) AS articles, h.newest_article_at,
    f.last_success_at, f.last_new_at, f.next_fetch_at, f.consecutive_failures, f.last_status,
    coalesce(f.disabled_reason, f.last_error) AS problem,
    coalesce(r.rejects, 0) AS rejects,
    coalesce(f.due_at, f.next_fetch_at) AS due_at, f.interval_reason AS rule, f.interval_seconds,
    f.newest_at, f.newest_at + to_seconds(f.usual_silence_seconds) AS silent_from,
    coalesce(epoch(f.last_success_at - f.newest_at) > f.usual_silence_seconds, false) AS is_silent
FROM ops.feeds f
LEFT JOIN held h USING (feed_id)
LEFT JOIN rejected r USING (feed_id)
ORDER BY f.consecutive_failures DESC, f.feed_id;
COMMENT ON VIEW marts.feed_health IS 'Each feed: healthy, shaky, failing, rejected (what it serves is no feed), silent (for longer than its rhythm says) or disabled, since when and why; when it is due, and by what rule.';
