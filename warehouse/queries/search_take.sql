-- The waiting articles from $first up to $last, without it, into the index.
CREATE OR REPLACE TEMP TABLE held AS
SELECT w.doc, w.article_id, w.content_hash, search_terms(a.title) AS title, search_terms(a.content_text) AS said
FROM waiting w JOIN clean.articles a USING (article_id)
WHERE w.doc >= $first AND w.doc < $last;
