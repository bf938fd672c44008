-- Pairs that tell the same story: similar, and not months apart, like articles that a site repeats every season. Two of
-- one feed are also alike by the text it puts below every article, so one title must contain the other. Two short ones
-- must be of two feeds, and neither may repeat an article of its own feed word for word: a column's heading, a daily notice.
WITH
    pairs AS (
        SELECT
            a.article_id, b.article_id AS other_id,
            coalesce(a.published_at, a.first_seen_at) AS moment, coalesce(b.published_at, b.first_seen_at) AS other_moment,
            p.similarity, least(len(s.bands), len(t.bands)) = 2 AS short, a.feed_id = b.feed_id AS of_one_feed,
            lower(a.title) AS title, lower(b.title) AS other_title
        FROM clean.similar_articles p
        JOIN clean.articles a ON a.article_id = p.article_id
        JOIN clean.articles b ON b.article_id = p.other_id
        JOIN ops.article_signatures s ON s.article_id = p.article_id
        JOIN ops.article_signatures t ON t.article_id = p.other_id
        WHERE p.similarity >= $similarity AND abs(epoch(moment) - epoch(other_moment)) <= $seconds
    ),
    repeated AS (
        SELECT unnest([article_id, other_id]) AS article_id FROM pairs WHERE short AND of_one_feed AND similarity = 1
    )
SELECT article_id, other_id, moment, other_moment
FROM pairs
WHERE
    CASE
        WHEN short THEN NOT of_one_feed AND article_id NOT IN (FROM repeated) AND other_id NOT IN (FROM repeated)
        WHEN of_one_feed THEN contains(title, other_title) OR contains(other_title, title)
        ELSE true
    END;
