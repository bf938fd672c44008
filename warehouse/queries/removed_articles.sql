-- stage_ids(id): articles. What is told of them once they are removed.
SELECT article_id, feed_id, source FROM clean.articles SEMI JOIN stage_ids s ON article_id = s.id
