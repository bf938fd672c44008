-- stage_touched(article_id, version, published_at, first_seen_at, last_seen_at)
MERGE INTO clean.articles t USING stage_touched s
ON t.article_id = s.article_id
WHEN MATCHED AND (
    s.first_seen_at < t.first_seen_at OR s.last_seen_at > t.last_seen_at OR s.version <> t.version
) THEN UPDATE SET
    first_seen_at = least(t.first_seen_at, s.first_seen_at),
    last_seen_at = greatest(t.last_seen_at, s.last_seen_at),
    published_at = CASE WHEN t.published_known THEN s.published_at ELSE least(t.published_at, s.first_seen_at) END,
    version = s.version
