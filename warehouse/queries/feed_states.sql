SELECT feed_id, url, etag, last_modified, moved_to, next_fetch_at, consecutive_failures, disabled_reason
FROM ops.feeds
