UPDATE ops.feeds SET disabled_reason = NULL, next_fetch_at = NULL, consecutive_failures = 0, due_at = NULL,
    missing_count = 0, missing_since = NULL WHERE feed_id = ?
