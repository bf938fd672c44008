SELECT article_id, version, valid_from, valid_to, title
FROM clean.article_versions
ORDER BY article_id, version LIMIT 20
