-- topic: How well
-- unit images: images
-- unit stored: images
-- unit pending: images
-- unit failed: images
-- unit skipped: images
-- unit share_stored: 0 to 1
-- unit bytes: bytes
-- example:
--   SELECT feed_id, images, share_stored FROM marts.image_coverage
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
COMMENT ON COLUMN marts.image_coverage.feed_id IS 'The feed whose articles show the images; its id in feeds.toml';
COMMENT ON COLUMN marts.image_coverage.images IS 'Number of images that the articles'' current versions show: one that two articles show counts twice, here and in all columns';
COMMENT ON COLUMN marts.image_coverage.stored IS 'Number of them whose file is in the image store';
COMMENT ON COLUMN marts.image_coverage.pending IS 'Number of them that are still to be fetched';
COMMENT ON COLUMN marts.image_coverage.failed IS 'Number of them that could not be fetched: given up, or to be tried again';
COMMENT ON COLUMN marts.image_coverage.skipped IS 'Number of them that the feed''s image policy leaves out';
COMMENT ON COLUMN marts.image_coverage.share_stored IS 'Share of them that is stored, 0 to 1: stored divided by images, to three decimals';
COMMENT ON COLUMN marts.image_coverage.bytes IS 'Size of the files in bytes: the sum of clean.images.bytes; NULL where there are none';
