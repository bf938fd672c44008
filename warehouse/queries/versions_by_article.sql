-- stage_ids(id): articles
SELECT v.* FROM clean.article_versions v SEMI JOIN stage_ids s ON v.article_id = s.id
