CREATE OR REPLACE MACRO term_trend(term, grain) AS TABLE
WITH held AS (
    SELECT
        CAST(date_trunc(grain, published_at) AS DATE) AS period,
        -- what has no small letters needs no folding, which takes most of the time
        CASE
            WHEN lower(term) = upper(term) THEN contains(title, term) OR contains(content_text, term)
            ELSE contains(lower(title), lower(term)) OR contains(lower(content_text), lower(term))
        END IS TRUE AS holds
    FROM clean.articles
    WHERE duplicate_of IS NULL
)
SELECT period, count(*) FILTER (holds) AS articles, count(*) AS of_articles, round(avg(CAST(holds AS INTEGER)), 4) AS share
FROM held
GROUP BY period
ORDER BY period;
COMMENT ON MACRO TABLE term_trend IS 'Articles a day, week, month … (grain; UTC, the period''s first day) that hold the term, and their share of all.';
