SELECT feed_id, last_success_at, consecutive_failures, last_error FROM ops.feeds ORDER BY consecutive_failures DESC
