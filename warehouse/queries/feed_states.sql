SELECT feed_id, url, etag, last_modified, moved_to, next_fetch_at, consecutive_failures, disabled_reason,
    max_age_seconds, due_at, interval_seconds, interval_reason, coalesce(missing_count, 0), missing_since
FROM ops.feeds
