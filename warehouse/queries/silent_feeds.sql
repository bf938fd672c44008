-- Feeds that are silent in the run $run and were not yet in the last run that reached them.
SELECT health.feed_id, health.newest_at, health.silent_from
FROM marts.feed_health AS health
JOIN ops.fetches AS now ON now.feed_id = health.feed_id AND now.run_id = $run AND now.outcome <> 'failed'
WHERE health.is_silent AND health.silent_from > (
    SELECT max(before.started_at) FROM ops.fetches AS before
    WHERE before.feed_id = health.feed_id AND before.started_at < now.started_at
      AND before.outcome IN ('fetched', 'not-modified')
)
ORDER BY health.feed_id
