-- BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", 3.4) with k1 = 1.2 and b = 0.75.
CREATE OR REPLACE MACRO search(query, n := 50) AS TABLE
WITH
    asked AS MATERIALIZED (SELECT DISTINCT unnest(search_terms(query)) AS term),
    lists AS MATERIALIZED (SELECT term, docs, weights FROM search.postings WHERE term IN (SELECT term FROM asked)),
    size AS (SELECT count(*) AS documents, avg(terms) AS mean FROM search.documents),
    rarity AS (
        SELECT term, ln(1 + (greatest(documents - held, 0) + 0.5) / (held + 0.5)) AS idf
        FROM (SELECT term, sum(len(docs)) AS held FROM lists GROUP BY term), size
    ),
    found AS (SELECT term, unnest(docs) AS doc, unnest(weights)::INTEGER AS weight FROM lists),
    scored AS MATERIALIZED (
        SELECT
            doc, any_value(d.article_id) AS article_id, count(DISTINCT term) AS matched,
            sum(idf * weight * 2.2 / (weight + 1.2 * (0.25 + 0.75 * d.terms / mean))) AS score
        FROM found JOIN rarity USING (term) JOIN search.documents d USING (doc), size
        GROUP BY doc
    ),
    best AS (
        SELECT article_id, score
        FROM scored
        WHERE matched = (SELECT max(matched) FROM scored)
        ORDER BY score DESC, article_id
        LIMIT n
    )
SELECT
    a.article_id, round(b.score, 3) AS score, a.title, a.url, a.feed_id, a.published_at, a.language,
    regexp_replace(
        substring(a.content_text, greatest(1, coalesce((
            SELECT min(nullif(instr(search_folded(a.content_text), term), 0)) FROM asked), 1) - 60), 240),
        '\s+', ' ', 'g') AS snippet
FROM best b JOIN clean.articles a USING (article_id)
ORDER BY b.score DESC, a.article_id;
COMMENT ON MACRO TABLE search IS 'The n articles that say what is asked for best, by BM25 over title and text: those that hold all of its terms, or else the most of them.';
