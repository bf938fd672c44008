-- The articles that are not in the index, numbered from the last document on.
CREATE OR REPLACE TEMP TABLE waiting AS
SELECT
    ((SELECT last FROM search.made) + row_number() OVER (ORDER BY a.first_seen_at, a.article_id))
        ::INTEGER AS doc,
    a.article_id, a.content_hash
FROM clean.articles a
ANTI JOIN search.documents d ON a.article_id = d.article_id;
