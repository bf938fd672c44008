-- topic: How much
-- note: The term is looked for in title and text, upper and lower case alike. The grain is `day`, `week`, `month`,
--   `quarter` or `year`.
-- column period: First day of the period (grain: day, week, month …), UTC: by published_at
-- unit period: days, UTC
-- column articles: Number of articles of the period whose title or text holds the term, small letters or capitals;
--   those that repeat another left out
-- unit articles: articles
-- column of_articles: Number of all articles of the period, those that repeat another left out
-- unit of_articles: articles
-- column share: Share of the articles that hold the term, 0 to 1: articles divided by of_articles, to four decimals
-- unit share: 0 to 1
-- example:
--   FROM term_trend('轮渡', 'week')
CREATE OR REPLACE MACRO term_trend(term, grain) AS TABLE
WITH held AS (
    SELECT
        CAST(date_trunc(grain, published_at) AS DATE) AS period,
        -- most of the time goes into lower(): a term without upper and lower case needs none
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
