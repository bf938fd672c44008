SELECT feed_id, health, last_success_at, problem FROM marts.feed_health ORDER BY health, feed_id
