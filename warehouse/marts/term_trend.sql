-- topic: How much
-- note: The term, a word or several, is looked for in title and text, upper and lower case alike: `AI` is not in
--   "said". In scripts without spaces and in Korean it is found anywhere. The grain is `day`, `week`, `month`, `quarter`
--   or `year`.
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
        CAST(date_trunc(grain, published_at AT TIME ZONE 'UTC') AS DATE) AS period,
        CASE
            -- most of the time goes into lower(): a term without upper and lower case needs none
            WHEN lower(term) = upper(term) AND NOT (contains(title, term) OR contains(content_text, term)) THEN false
            WHEN lower(term) <> upper(term)
                AND NOT (contains(lower(title), lower(term)) OR contains(lower(content_text), lower(term))) THEN false
            -- Few texts get here. A letter or digit at the term's end must be the end of a word, which it also is beside
            -- a script without spaces: 人工智能AI技术 holds AI.
            ELSE regexp_matches(
                concat_ws(chr(10), title, content_text),
                '(?i)'
                || CASE
                    WHEN regexp_matches(term, '^[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー]') THEN ''
                    WHEN regexp_matches(term, '^[\p{L}\p{M}\p{N}]')
                        THEN '(?:^|[^\p{L}\p{M}\p{N}]|[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー])'
                    ELSE ''
                END
                || regexp_escape(term)
                || CASE
                    WHEN regexp_matches(term, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー]$') THEN ''
                    WHEN regexp_matches(term, '[\p{L}\p{M}\p{N}]$')
                        THEN '(?:$|[^\p{L}\p{M}\p{N}]|[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー])'
                    ELSE ''
                END)
        END IS TRUE AS holds
    FROM clean.articles
    WHERE duplicate_of IS NULL
)
SELECT period, count(*) FILTER (holds) AS articles, count(*) AS of_articles, round(avg(CAST(holds AS INTEGER)), 4) AS share
FROM held
GROUP BY period
ORDER BY period;
COMMENT ON MACRO TABLE term_trend IS 'Articles a day, week, month … (grain; UTC, the period''s first day) that hold the term, and their share of all.';
