-- stage_states: one row for each feed that was fetched
MERGE INTO ops.feeds t USING stage_states s
ON t.feed_id = s.feed_id
WHEN MATCHED THEN UPDATE SET
    name = s.name,
    site_url = s.site_url,
    language = coalesce(s.language, t.stated_language),
    feed_group = s.feed_group,
    -- '' forgets the validator: it is of the address from which the feed has moved
    etag = CASE WHEN t.url = s.url THEN nullif(coalesce(s.etag, t.etag), '') END,
    last_modified = CASE WHEN t.url = s.url THEN nullif(coalesce(s.last_modified, t.last_modified), '') END,
    moved_to = s.moved_to,
    url = s.url,
    last_fetched_at = s.last_fetched_at,
    last_success_at = CASE WHEN s.last_error IS NULL
        THEN greatest(t.last_success_at, s.last_fetched_at) ELSE t.last_success_at END,
    next_fetch_at = s.next_fetch_at,
    consecutive_failures = s.consecutive_failures,
    last_status = s.last_status,
    last_error = s.last_error,
    disabled_reason = s.disabled_reason,
    max_age_seconds = s.max_age_seconds,
    due_at = s.due_at,
    interval_seconds = s.interval_seconds,
    interval_reason = s.interval_reason,
    missing_count = s.missing_count,
    missing_since = s.missing_since
WHEN NOT MATCHED THEN INSERT BY NAME
