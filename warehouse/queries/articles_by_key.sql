-- stage_ids(id): keys
SELECT k.key, k.article_id, a.title, a.published_at, a.published_known
FROM clean.article_keys k
SEMI JOIN stage_ids s ON k.key = s.id
JOIN clean.articles a ON a.article_id = k.article_id
