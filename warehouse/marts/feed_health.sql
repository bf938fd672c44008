-- topic: How well
-- unit articles: articles
-- unit consecutive_failures: failures
-- unit last_status: HTTP status
-- unit rejects: rejects
-- unit interval_seconds: seconds
-- example:
--   SELECT feed_id, health, last_success_at, problem FROM marts.feed_health WHERE health <> 'healthy'
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
        -- a mirror's articles may all be another feed's, so that it has none
        WHEN h.articles IS NULL AND f.last_success_at IS NULL AND r.rejects > 0 AND coalesce(f.last_status, 200) < 300 THEN 'rejected'
        WHEN f.consecutive_failures >= 3 THEN 'failing'
        WHEN f.consecutive_failures > 0 THEN 'shaky'
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
WHERE f.last_fetched_at IS NOT NULL -- sites that only a backfill knows are not asked
ORDER BY f.consecutive_failures DESC, f.feed_id;
COMMENT ON VIEW marts.feed_health IS 'Each feed: healthy, shaky, failing, rejected (what it serves is not a feed), silent (for longer than its rhythm says) or disabled, since when and why; when it is due, and by what rule.';
COMMENT ON COLUMN marts.feed_health.feed_id IS 'The id in feeds.toml';
COMMENT ON COLUMN marts.feed_health.name IS 'The feed''s name in feeds.toml';
COMMENT ON COLUMN marts.feed_health.health IS 'disabled (newsmill no longer asks), rejected (it has no article, and what it serves is no feed), failing (3 failures in a row or more), shaky (1 or 2), silent or healthy: the first that applies';
COMMENT ON COLUMN marts.feed_health.articles IS 'Number of articles whose text is this feed''s: counted in clean.articles';
COMMENT ON COLUMN marts.feed_health.newest_article_at IS 'When the newest of these articles was published, UTC; NULL without any';
COMMENT ON COLUMN marts.feed_health.last_success_at IS 'When it last answered with a feed that can be read, or that nothing is new (304), UTC';
COMMENT ON COLUMN marts.feed_health.last_new_at IS 'When it last brought a new or changed article, UTC';
COMMENT ON COLUMN marts.feed_health.next_fetch_at IS 'Not asked before, UTC: after Retry-After, or backing off after failures';
COMMENT ON COLUMN marts.feed_health.consecutive_failures IS 'Failures since the last success; counted by ingest';
COMMENT ON COLUMN marts.feed_health.last_status IS 'HTTP status of the last answer';
COMMENT ON COLUMN marts.feed_health.problem IS 'Why it is disabled, or else its last failure in words; NULL after a success';
COMMENT ON COLUMN marts.feed_health.rejects IS 'Number of things from it that could not be parsed, cleaned or loaded: rows of ops.rejects';
COMMENT ON COLUMN marts.feed_health.due_at IS 'When a scheduled ingest asks it again, UTC: due_at of ops.feeds, or else next_fetch_at; NULL: at the next one';
COMMENT ON COLUMN marts.feed_health.rule IS 'Why then, in words: interval_reason of ops.feeds';
COMMENT ON COLUMN marts.feed_health.interval_seconds IS 'Seconds from when it was last asked until it is due, by that rule';
COMMENT ON COLUMN marts.feed_health.newest_at IS 'When the newest article it ever held was published, UTC; articles it shares with other feeds count too';
COMMENT ON COLUMN marts.feed_health.silent_from IS 'When its silence becomes unusual, UTC: newest_at and usual_silence_seconds of ops.feeds; NULL while too few articles are known';
COMMENT ON COLUMN marts.feed_health.is_silent IS 'Whether its silence was unusual when it last answered: last_success_at is after silent_from';
