-- stage_ids(id): articles
SELECT DISTINCT e.article_id, e.feed_id
FROM raw.entries e SEMI JOIN stage_ids s ON e.article_id = s.id
