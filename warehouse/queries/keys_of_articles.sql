-- stage_ids(id): articles. Their keys, and whether each names another article, too.
SELECT k.article_id, k.key, count(*) > 1 AS is_shared
FROM clean.article_keys k
JOIN clean.article_keys o ON o.key_hash = k.key_hash AND o.key = k.key
SEMI JOIN stage_ids s ON k.article_id = s.id
GROUP BY k.article_id, k.key
