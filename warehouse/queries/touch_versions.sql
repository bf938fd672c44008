-- stage_seen(article_id, version, last_seen_at)
MERGE INTO clean.article_versions t USING stage_seen s
ON t.article_id = s.article_id AND t.version = s.version
WHEN MATCHED AND s.last_seen_at > t.last_seen_at THEN UPDATE SET last_seen_at = s.last_seen_at
