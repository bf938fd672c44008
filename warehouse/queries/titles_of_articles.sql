-- stage_ids(id): articles. Every title that each had.
SELECT DISTINCT article_id, title FROM clean.article_versions SEMI JOIN stage_ids s ON article_id = s.id
