-- What monitoring asks of the warehouse. The head names each metric, its label where it has one, and what it says, and
-- docs/metrics.md is made from it. All are gauges: `maintain` deletes old records, so that a count of them may fall.
-- newsmill_feeds health: Feeds, by health as in marts.feed_health
-- newsmill_feeds_due: Feeds that the next scheduled ingest asks
-- newsmill_feed_consecutive_failures feed: Failures since the feed's last success; feeds that fail only
-- newsmill_articles: Articles
-- newsmill_articles_last_day: Articles first seen within the last 24 hours
-- newsmill_article_lag_seconds: From publication until newsmill saw it: the median of articles of the last 24 hours
-- newsmill_newest_article_timestamp_seconds: When the newest article was published
-- newsmill_rejects_last_day: Entries, documents and files that could not be loaded within the last 24 hours
-- newsmill_waiting queue: Images and pages that are still to be fetched
-- newsmill_run_seconds flow: How long the flow's last finished run took
-- newsmill_run_timestamp_seconds flow: When the flow's last finished run ended
-- newsmill_run_failed flow: Whether the flow's last finished run failed: 1 or 0
-- newsmill_runs_last_day state: Runs that began within the last 24 hours, by state
-- newsmill_stored_bytes what: Bytes of the documents and images that are stored
WITH last_runs AS (
    SELECT
        flow,
        arg_max(epoch(finished_at) - epoch(started_at), finished_at) AS seconds,
        max(finished_at) AS finished_at,
        arg_max(state = 'failed', finished_at) AS failed
    FROM ops.runs
    WHERE finished_at IS NOT NULL AND state <> 'running'
    GROUP BY flow
)
SELECT 'newsmill_feeds' AS name, health AS label, count(*)::DOUBLE AS value FROM marts.feed_health GROUP BY health
UNION ALL
SELECT 'newsmill_feeds_due', NULL, count(*) FROM marts.feed_health
WHERE health <> 'disabled' AND coalesce(due_at, '-infinity') <= now()
UNION ALL
SELECT 'newsmill_feed_consecutive_failures', feed_id, consecutive_failures FROM marts.feed_health
WHERE consecutive_failures > 0
UNION ALL
SELECT 'newsmill_articles', NULL, count(*) FROM clean.articles
UNION ALL
SELECT 'newsmill_articles_last_day', NULL, count(*) FROM clean.articles
WHERE first_seen_at > now() - INTERVAL 1 DAY
UNION ALL
SELECT 'newsmill_article_lag_seconds', NULL, median(epoch(first_seen_at) - epoch(published_at)) FROM clean.articles
WHERE published_known AND first_seen_at > now() - INTERVAL 1 DAY
UNION ALL
SELECT 'newsmill_newest_article_timestamp_seconds', NULL, epoch(max(published_at)) FROM clean.articles
UNION ALL
SELECT 'newsmill_rejects_last_day', NULL, count(*) FROM ops.rejects WHERE rejected_at > now() - INTERVAL 1 DAY
UNION ALL
SELECT 'newsmill_waiting', 'images', count(*) FROM clean.images WHERE status = 'pending'
UNION ALL
SELECT 'newsmill_waiting', 'pages', count(*) FROM clean.pages WHERE status = 'pending'
UNION ALL
SELECT 'newsmill_run_seconds', flow, seconds FROM last_runs
UNION ALL
SELECT 'newsmill_run_timestamp_seconds', flow, epoch(finished_at) FROM last_runs
UNION ALL
SELECT 'newsmill_run_failed', flow, failed::INTEGER FROM last_runs
UNION ALL
SELECT 'newsmill_runs_last_day', state, count(*) FROM ops.runs
WHERE started_at > now() - INTERVAL 1 DAY
GROUP BY state
UNION ALL
SELECT 'newsmill_stored_bytes', 'documents', sum(size) FROM raw.documents
UNION ALL
SELECT 'newsmill_stored_bytes', 'images', sum(bytes) FROM clean.images WHERE status = 'stored'
ORDER BY ALL
