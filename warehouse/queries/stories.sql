-- Pairs that tell the same story: similar, and not months apart, like articles that a site repeats every season.
-- Two of one feed are also alike by the text it puts below every article, so their titles must agree (one is the other
-- with no more than as much again) and one's figures contain the other's: a machine writes its daily report under one
-- title. Two short ones must be of two feeds, and neither may repeat an article of its own feed word for word: a column's
-- heading, a daily notice. What a feed repeats under different titles is boilerplate, such as a channel's description
-- below its videos: such an article is only a copy of one in another feed with the same title.
WITH
    alike AS (
        SELECT
            a.article_id, b.article_id AS other_id,
            coalesce(a.published_at, a.first_seen_at) AS moment, coalesce(b.published_at, b.first_seen_at) AS other_moment,
            p.similarity, least(len(s.bands), len(t.bands)) = 2 AS short, a.feed_id = b.feed_id AS of_one_feed,
            lower(a.title) AS title, lower(b.title) AS other_title,
            2 * least(length(a.title), length(b.title)) >= greatest(length(a.title), length(b.title))
            AND (contains(lower(a.title), lower(b.title)) OR contains(lower(b.title), lower(a.title))) AS titles_agree
        FROM clean.similar_articles p
        JOIN clean.articles a ON a.article_id = p.article_id
        JOIN clean.articles b ON b.article_id = p.other_id
        JOIN ops.article_signatures s ON s.article_id = p.article_id
        JOIN ops.article_signatures t ON t.article_id = p.other_id
        WHERE p.similarity >= $similarity
    ),
    pairs AS (FROM alike WHERE abs(epoch(moment) - epoch(other_moment)) <= $seconds),
    repeated AS (
        SELECT unnest([article_id, other_id]) AS article_id FROM pairs WHERE short AND of_one_feed AND similarity = 1
    ),
    boilerplate AS (
        SELECT article_id
        FROM (
            SELECT article_id, other_title, similarity FROM alike WHERE of_one_feed AND NOT titles_agree
            UNION ALL
            SELECT other_id, title, similarity FROM alike WHERE of_one_feed AND NOT titles_agree
        )
        GROUP BY article_id
        -- a report that is told again under a new headline is like one other article, but not the same
        HAVING count(DISTINCT other_title) > 1 OR max(similarity) >= $same
    ),
    figures AS (
        SELECT article_id, list_distinct(regexp_extract_all(content_text, '\d+')) AS figures
        FROM clean.articles
        WHERE article_id IN (
            SELECT unnest([article_id, other_id]) FROM pairs WHERE of_one_feed AND titles_agree AND NOT short
        )
    )
SELECT p.article_id, p.other_id, p.moment, p.other_moment
FROM pairs p
LEFT JOIN figures f ON f.article_id = p.article_id
LEFT JOIN figures g ON g.article_id = p.other_id
WHERE
    CASE
        WHEN p.short THEN NOT p.of_one_feed AND p.article_id NOT IN (FROM repeated) AND p.other_id NOT IN (FROM repeated)
        WHEN p.of_one_feed
            THEN p.titles_agree AND (list_has_all(f.figures, g.figures) OR list_has_all(g.figures, f.figures))
        ELSE true
    END
    AND (
        (p.article_id NOT IN (FROM boilerplate) AND p.other_id NOT IN (FROM boilerplate))
        OR (NOT p.of_one_feed AND p.title = p.other_title)
    );
