-- Pairs that tell one story: similar, and not months apart, as what a site repeats each season is.
SELECT
    a.article_id, b.article_id AS other_id,
    coalesce(a.published_at, a.first_seen_at) AS moment, coalesce(b.published_at, b.first_seen_at) AS other_moment
FROM clean.similar_articles p
JOIN clean.articles a ON a.article_id = p.article_id
JOIN clean.articles b ON b.article_id = p.other_id
WHERE p.similarity >= $similarity AND abs(epoch(moment) - epoch(other_moment)) <= $seconds;
