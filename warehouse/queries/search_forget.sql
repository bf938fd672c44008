-- Removes the documents of articles that were edited or deleted.
INSERT INTO search.gone
SELECT doc
FROM search.documents d
WHERE NOT EXISTS (
    FROM clean.articles a WHERE a.article_id = d.article_id AND a.content_hash IS NOT DISTINCT FROM d.content_hash
);

DELETE FROM search.documents WHERE doc IN (SELECT doc FROM search.gone);
