-- stage_ids(id): articles. Pairs to compare: each of these with every article that shares a band of its signature and was
-- signed by the same method. At most 64 articles per band and 64 per article: more in common means little.
WITH
    signed AS (SELECT article_id, method, bands FROM ops.article_signatures WHERE article_id IN (SELECT id FROM stage_ids)),
    fresh AS (SELECT article_id, unnest(bands) AS band FROM signed),
    held AS (
        SELECT article_id, band
        FROM (
            SELECT article_id, unnest(bands) AS band
            FROM ops.article_signatures WHERE method IN (SELECT method FROM signed)
        )
        WHERE band IN (SELECT band FROM fresh)
        QUALIFY row_number() OVER (PARTITION BY band ORDER BY article_id) <= 64
    ),
    shared AS (
        SELECT f.article_id, h.article_id AS other_id, count(*) AS bands
        FROM fresh f JOIN held h USING (band)
        WHERE f.article_id <> h.article_id
        GROUP BY f.article_id, h.article_id
        QUALIFY row_number() OVER (PARTITION BY f.article_id ORDER BY bands DESC, other_id) <= 64
    )
SELECT DISTINCT least(article_id, other_id) AS article_id, greatest(article_id, other_id) AS other_id
FROM shared
ORDER BY ALL;
