-- stage_ids(id): articles
SELECT a.article_id, a.first_seen_at, a.last_seen_at, a.published_at, a.published_known
FROM clean.articles a SEMI JOIN stage_ids s ON a.article_id = s.id
