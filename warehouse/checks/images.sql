-- Every image that an article shows is in clean.images, every place for one belongs to an article, and stored ones say where they lie.
SELECT ai.article_id || ': image ' || ai.image_id || ' is unknown' AS wrong
FROM clean.article_images ai ANTI JOIN clean.images i ON i.image_id = ai.image_id
UNION ALL
SELECT ai.article_id || ': no such article, and image ' || ai.image_id || ' in it'
FROM clean.article_images ai ANTI JOIN clean.articles a ON a.article_id = ai.article_id
UNION ALL
SELECT a.article_id || ': lead image ' || a.lead_image_id || ' is unknown'
FROM (FROM clean.articles WHERE lead_image_id IS NOT NULL) a ANTI JOIN clean.images i ON i.image_id = a.lead_image_id
UNION ALL
SELECT image_id || ': stored, but where?'
FROM clean.images
WHERE status = 'stored' AND (path IS NULL OR sha256 IS NULL)
