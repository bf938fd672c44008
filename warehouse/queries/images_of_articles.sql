-- stage_ids(id): articles. The images that only they show, in any version.
WITH sources AS (
    SELECT
        article_id IN (SELECT id FROM stage_ids) AS is_forgotten,
        unnest(regexp_extract_all(content_html, '<img[^>]*? src="([^"]*)"', 1)) AS source
    FROM clean.article_versions
    WHERE contains(content_html, '<img')
), shows AS (
    SELECT article_id IN (SELECT id FROM stage_ids) AS is_forgotten, image_id FROM clean.article_images
    UNION
    SELECT article_id IN (SELECT id FROM stage_ids), lead_image_id FROM clean.article_versions
    WHERE lead_image_id IS NOT NULL
    UNION
    SELECT s.is_forgotten, i.image_id
    FROM (SELECT DISTINCT is_forgotten, replace(source, '&amp;', '&') AS source FROM sources) s
    JOIN clean.images i ON i.url = s.source
)
SELECT i.image_id, i.path
FROM clean.images i
JOIN (SELECT image_id FROM shows GROUP BY image_id HAVING bool_and(is_forgotten)) s ON s.image_id = i.image_id
