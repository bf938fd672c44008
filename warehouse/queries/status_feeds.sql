SELECT feed_id, health, articles, newest_article_at, last_success_at, next_fetch_at, due_at, rule, problem
FROM marts.feed_health
