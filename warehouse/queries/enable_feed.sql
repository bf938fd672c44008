UPDATE ops.feeds SET disabled_reason = NULL, next_fetch_at = NULL, consecutive_failures = 0 WHERE feed_id = ?
