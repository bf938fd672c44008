-- stage_ids(id): feeds
SELECT
    feed_id, newest_at, gap_seconds AS gap, turnover_seconds AS turnover, ttl_seconds AS ttl, update_seconds AS update,
    skip_hours, skip_days
FROM ops.feeds WHERE feed_id IN (SELECT id FROM stage_ids)
