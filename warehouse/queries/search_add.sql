-- The waiting articles from $first up to $last, without it, as terms into fresh.postings and search.documents.
INSERT INTO fresh.postings
WITH held AS MATERIALIZED (
    SELECT doc, length, unnest(map_keys(held)) AS token, unnest(map_values(held)) AS weight
    FROM (
        SELECT
            doc, least(len(title) + len(said), 65535) AS length,
            list_histogram(list_concat(said, title, title, title, title, title)) AS held
        FROM (
            SELECT w.doc, search_held_tokens(a.title) AS title, search_held_tokens(a.content_text) AS said
            FROM waiting w JOIN clean.articles a USING (article_id)
            WHERE w.doc >= $first AND w.doc < $last
        )
        WHERE len(title) + len(said) > 0
    )
), stems AS MATERIALIZED (
    -- each word once: stemming takes far longer than the rest
    SELECT token, search_stem(token) AS term FROM (SELECT DISTINCT token FROM held)
)
SELECT
    term, if(length(term) < 3 AND unicode(term) >= 3584, left(term, 1), NULL) AS first, doc,
    least(sum(weight), 255) AS weight, any_value(length) AS length
FROM held JOIN stems USING (token)
GROUP BY term, doc
ORDER BY term, doc;

INSERT INTO search.documents
SELECT w.doc, w.article_id, w.content_hash, coalesce(p.length, 0), NULL
FROM waiting w
LEFT JOIN (SELECT DISTINCT doc, length FROM fresh.postings WHERE doc >= $first AND doc < $last) p USING (doc)
WHERE w.doc >= $first AND w.doc < $last
ORDER BY w.doc;
