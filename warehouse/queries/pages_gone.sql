-- $gone_after: seconds. Pages that were missing at least twice, so long apart, are gone.
-- Not where a site fails as a whole: then most of what was asked of it within a day is missing, or nothing else of it
-- answers, neither a page nor its feed.
SELECT article_id, feed_id, url, error
FROM clean.pages
WHERE status <> 'gone' AND missing_count >= 2 AND fetched_at >= missing_since + to_seconds($gone_after)
    AND host_of(url) NOT IN (
        SELECT host
        FROM (
            SELECT
                host_of(p.url) AS host,
                p.missing_count > 0 AS is_missing,
                p.fetched_at,
                max(p.fetched_at) OVER (PARTITION BY host) AS last_asked,
                o.last_success_at
            FROM clean.pages p LEFT JOIN ops.feeds o ON o.feed_id = p.feed_id
            WHERE p.status IN ('stored', 'failed') AND p.fetched_at IS NOT NULL
        )
        WHERE fetched_at > last_asked - INTERVAL 1 DAY
        GROUP BY host
        HAVING (count(*) FILTER (WHERE is_missing) >= 5 AND count(*) FILTER (WHERE is_missing) >= 0.8 * count(*))
            OR (
                count(*) FILTER (WHERE NOT is_missing) = 0
                AND coalesce(max(last_success_at) < max(last_asked) - INTERVAL 1 DAY, true)
            )
    )
