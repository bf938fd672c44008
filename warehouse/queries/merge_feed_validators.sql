-- The validators of the next conditional GET, which must be those of a document that this same transaction loads.
MERGE INTO ops.feeds t USING stage_validators s
ON t.feed_id = s.feed_id
WHEN MATCHED AND (t.last_success_at IS NULL OR s.last_success_at >= t.last_success_at OR t.url <> s.url) THEN UPDATE SET
    moved_to = CASE WHEN t.url = s.url THEN t.moved_to END,
    url = s.url,
    etag = s.etag,
    last_modified = s.last_modified,
    last_fetched_at = greatest(t.last_fetched_at, s.last_fetched_at),
    last_success_at = s.last_success_at,
    last_new_at = coalesce(s.last_new_at, t.last_new_at),
    consecutive_failures = coalesce(t.consecutive_failures, s.consecutive_failures),
    last_status = coalesce(t.last_status, s.last_status),
    ttl_seconds = s.ttl_seconds,
    update_seconds = s.update_seconds,
    skip_hours = s.skip_hours,
    skip_days = s.skip_days
WHEN NOT MATCHED THEN INSERT BY NAME
