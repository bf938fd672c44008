CREATE OR REPLACE VIEW marts.image_coverage AS
SELECT
    a.feed_id,
    count(*) AS images,
    count(*) FILTER (i.status = 'stored') AS stored,
    count(*) FILTER (i.status = 'pending') AS pending,
    count(*) FILTER (i.status = 'failed') AS failed,
    count(*) FILTER (i.status = 'skipped') AS skipped,
    round(count(*) FILTER (i.status = 'stored') / count(*), 3) AS share_stored,
    sum(i.bytes) AS bytes
FROM clean.article_images ai
JOIN clean.articles a USING (article_id)
JOIN clean.images i USING (image_id)
GROUP BY a.feed_id
ORDER BY images DESC;
COMMENT ON VIEW marts.image_coverage IS 'How many of the images a feed''s articles show are stored.';
