-- the longest recordings, with their articles
SELECT a.published_at, a.title, e.url, e.duration // 60 AS minutes
FROM clean.enclosures e JOIN clean.articles a USING (article_id)
WHERE e.media_type LIKE 'audio/%' OR e.media_type LIKE 'video/%'
ORDER BY e.duration DESC NULLS LAST
LIMIT 20
