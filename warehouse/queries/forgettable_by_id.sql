-- stage_ids(id): articles. Those that there are.
SELECT article_id FROM clean.articles SEMI JOIN stage_ids s ON article_id = s.id
