SELECT a.title, i.path, ai.caption
FROM clean.article_images ai JOIN clean.articles a USING (article_id) JOIN clean.images i USING (image_id)
WHERE ai.is_lead LIMIT 20
