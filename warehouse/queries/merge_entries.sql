MERGE INTO raw.entries t USING stage_entries s
ON t.entry_id = s.entry_id
WHEN MATCHED AND (
    s.first_seen_at < t.first_seen_at
    OR s.last_seen_at > t.last_seen_at
    OR (s.article_id IS NOT NULL AND (s.article_id, s.content_hash) IS DISTINCT FROM (t.article_id, t.content_hash))
    OR (t.article_id IS NULL AND s.blocked_by IS DISTINCT FROM t.blocked_by)
) THEN UPDATE SET
    document_id = CASE WHEN s.first_seen_at < t.first_seen_at THEN s.document_id ELSE t.document_id END,
    position = CASE WHEN s.first_seen_at < t.first_seen_at THEN s.position ELSE t.position END,
    first_seen_at = least(t.first_seen_at, s.first_seen_at),
    last_seen_at = greatest(t.last_seen_at, s.last_seen_at),
    article_id = coalesce(s.article_id, t.article_id),
    content_hash = coalesce(s.content_hash, t.content_hash),
    word_count = coalesce(s.word_count, t.word_count),
    published_at = coalesce(t.published_at, s.published_at),
    blocked_by = CASE WHEN coalesce(s.article_id, t.article_id) IS NULL THEN s.blocked_by END
