-- stage_ids(id): articles
SELECT v.article_id, v.feed_id, v.content_hash, v.word_count, v.valid_from, v.last_seen_at, v.text_source, v.entry_id
FROM clean.article_versions v SEMI JOIN stage_ids s ON v.article_id = s.id
ORDER BY v.article_id, v.version
