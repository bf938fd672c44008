-- stage_touched(article_id, version, first_seen_at, last_seen_at, version_last_seen_at)
MERGE INTO clean.article_versions t USING stage_touched s
ON t.article_id = s.article_id AND t.version = s.version
WHEN MATCHED AND s.version_last_seen_at > t.last_seen_at THEN UPDATE SET last_seen_at = s.version_last_seen_at
