-- BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", 3.4) with k1 = 1.2 and b = 0.75.
CREATE OR REPLACE MACRO search(query, n := 50) AS TABLE
WITH
    asked AS MATERIALIZED (
        SELECT row_number() OVER () AS place, term, length(term) = 1 AND search_first(term) IS NOT NULL AS begins
        FROM (SELECT DISTINCT unnest(search_terms(query)) AS term)
    ),
    whole AS MATERIALIZED (SELECT place, term FROM asked WHERE NOT begins),
    -- a single character is found by the terms that begin with it
    single AS MATERIALIZED (SELECT place, term AS first FROM asked WHERE begins),
    found AS MATERIALIZED (
        SELECT place, doc, weight, length
        FROM (
            SELECT place, doc, weight::INTEGER AS weight, length FROM search.postings JOIN whole USING (term)
            UNION ALL
            SELECT place, doc, weight, length FROM search.recent JOIN whole USING (term)
            UNION ALL
            SELECT place, doc, sum(weight), any_value(length)
            FROM (
                SELECT place, doc, weight, length FROM search.postings JOIN single USING (first)
                UNION ALL
                SELECT place, doc, weight, length FROM search.recent JOIN single USING (first)
            )
            GROUP BY place, doc
        )
        ANTI JOIN search.gone USING (doc)
    ),
    rarity AS (
        SELECT place, ln(1 + (documents - held + 0.5) / (held + 0.5)) AS idf
        FROM (SELECT place, count(*) AS held FROM found GROUP BY place), search.made
    ),
    weighed AS MATERIALIZED (
        SELECT
            place, doc,
            idf * weight * 2.2 / (weight + 1.2 * (0.25 + 0.75 * length / mean)) AS score
        FROM found JOIN rarity USING (place), search.made
    ),
    tops AS MATERIALIZED (SELECT place, max(score) AS top FROM weighed GROUP BY place),
    -- The n best of every eighth document that holds all terms: the n best of all score no less. Most articles that
    -- hold very frequent terms can't come so far, even with the highest score there is for the other terms.
    bar AS MATERIALIZED (
        SELECT CASE WHEN count(*) = any_value(n) THEN min(score) END AS score
        FROM (
            SELECT sum(score) AS score
            FROM weighed
            WHERE doc % 8 = 0
            GROUP BY doc
            HAVING count(*) = (SELECT count(*) FROM tops)
            ORDER BY score DESC
            LIMIT n
        )
    ),
    scored AS MATERIALIZED (
        SELECT w.doc, count(*) AS matched, sum(w.score) AS score
        FROM weighed w JOIN (SELECT place, sum(top) OVER () - top AS others FROM tops) USING (place), bar
        WHERE bar.score IS NULL OR w.score + others >= bar.score - 0.000001
        GROUP BY w.doc
    ),
    best AS MATERIALIZED (
        SELECT doc, score
        FROM scored
        WHERE matched = (SELECT max(matched) FROM scored)
        ORDER BY score DESC, doc
        LIMIT n
    )
SELECT
    a.article_id, round(b.score, 3) AS score, a.title, a.url, a.feed_id, a.published_at, a.language,
    regexp_replace(
        substring(
            a.content_text,
            greatest(1, coalesce(list_min(list_filter(
                -- as the index folds them; the last letter of a stem is often not that of the word: polici, hope (hoping)
                list_transform(said.terms, lambda term: instr(
                    strip_accents(search_folded(a.content_text)), if(length(term) > 3, left(term, -1), term))),
                lambda place: place > 0)), 1) - 60),
            240),
        '\s+', ' ', 'g') AS snippet
FROM best b JOIN search.documents d USING (doc) JOIN clean.articles a ON a.rowid = d.place, (SELECT list(term) AS terms FROM asked) said
ORDER BY b.score DESC, b.doc;
COMMENT ON MACRO TABLE search IS 'The n articles that say what is asked for best, by BM25 over title and text: those that hold all of its terms, or else the most of them.';
