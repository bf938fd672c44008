-- stage_ids(id): feeds. How often they publish, measured on their newest entries.
WITH held AS (
    SELECT e.feed_id, coalesce(a.published_at, e.published_at, e.first_seen_at) AS published_at, e.last_seen_at
    FROM raw.entries e LEFT JOIN clean.articles a USING (article_id)
    -- the articles' own pages, which newsmill asks for, are not what the feed holds
    ANTI JOIN (FROM raw.documents WHERE source = 'page' AND feed_id IN (SELECT id FROM stage_ids)) d
        ON d.document_id = e.document_id
    WHERE e.feed_id IN (SELECT id FROM stage_ids)
        -- what a feed's keep and block rules leave out takes room in its document, too
        AND (a.article_id IS NOT NULL OR e.blocked_by IS NOT NULL)
        AND coalesce(a.published_at, e.published_at, e.first_seen_at) <= now()
), fed AS (
    SELECT feed_id, max(published_at, 1000) AS newest, max(last_seen_at) AS seen_at FROM held GROUP BY feed_id
), published AS (
    SELECT feed_id, unnest(newest) AS published_at FROM fed
), moments AS (
    -- a feed that publishes ten at once every morning publishes daily, not every second
    SELECT feed_id, time_bucket(INTERVAL 15 MINUTE, published_at) AS moment FROM published GROUP BY feed_id, moment
    QUALIFY row_number() OVER (PARTITION BY feed_id ORDER BY moment DESC) <= 51
), gaps AS (
    SELECT feed_id, epoch(moment - lag(moment) OVER (PARTITION BY feed_id ORDER BY moment)) AS gap FROM moments
), gap AS (
    SELECT feed_id, median(gap) AS gap_seconds FROM gaps GROUP BY feed_id HAVING count(gap) >= 3
), hours AS (
    SELECT feed_id, date_trunc('hour', published_at) AS hour FROM published GROUP BY feed_id, hour
    QUALIFY row_number() OVER (PARTITION BY feed_id ORDER BY hour DESC) <= 201
), silences AS (
    SELECT feed_id, epoch(hour - lag(hour) OVER (PARTITION BY feed_id ORDER BY hour)) AS silence FROM hours
), silence AS (
    SELECT feed_id, greatest(2 * quantile_cont(silence, 0.99), 86400) AS usual_silence_seconds
    FROM silences GROUP BY feed_id HAVING count(silence) >= 5
), turnover AS (
    SELECT h.feed_id, epoch(max(h.published_at)) - median(epoch(h.published_at)) AS turnover_seconds
    FROM held h JOIN fed f ON h.feed_id = f.feed_id AND h.last_seen_at = f.seen_at
    GROUP BY h.feed_id HAVING count(*) >= 4
)
SELECT
    feed_id, newest[1] AS newest_at, CAST(gap_seconds AS BIGINT) AS gap_seconds,
    CAST(turnover_seconds AS BIGINT) AS turnover_seconds, CAST(usual_silence_seconds AS BIGINT) AS usual_silence_seconds
FROM fed LEFT JOIN gap USING (feed_id) LEFT JOIN turnover USING (feed_id) LEFT JOIN silence USING (feed_id)
