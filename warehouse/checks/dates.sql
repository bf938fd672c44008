-- No article is dated more than a day after it was first seen, or first seen after it was last seen.
SELECT article_id || ': published ' || published_at || ', first seen ' || first_seen_at || ', last ' || last_seen_at
    AS wrong
FROM clean.articles
WHERE published_at > first_seen_at + INTERVAL 1 DAY OR last_seen_at < first_seen_at
    OR first_seen_at > (SELECT checked_at FROM stage_run) + INTERVAL 1 DAY
