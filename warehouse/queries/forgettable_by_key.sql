-- stage_ids(id): keys. The articles that they name.
SELECT DISTINCT k.article_id
FROM clean.article_keys k JOIN stage_ids s ON k.key_hash = md5_number_lower(s.id) AND k.key = s.id
