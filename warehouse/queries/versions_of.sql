-- $article: an article's id, the first 8 or more characters of it, or its address
WITH chosen AS (
    SELECT article_id
    FROM clean.articles
    WHERE article_id = $article OR url = $article OR canonical_url = $article
        OR (len($article) >= 8 AND starts_with(article_id, $article))
)
SELECT article_id, version, valid_from, url, title, content_text
FROM clean.article_versions v SEMI JOIN chosen c ON v.article_id = c.article_id
ORDER BY article_id, version
