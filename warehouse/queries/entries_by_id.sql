-- stage_ids(id)
SELECT e.entry_id, e.feed_id, e.article_id, e.content_hash, e.word_count
FROM raw.entries e SEMI JOIN stage_ids s ON e.entry_id = s.id
