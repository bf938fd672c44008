-- stage_page_files(article_id, url, media_type): files in place of pages, after the enclosures that the feed named.
INSERT INTO clean.enclosures BY NAME
SELECT
    s.article_id, s.url, s.media_type,
    (SELECT coalesce(max(position) + 1, 0) FROM clean.enclosures e WHERE e.article_id = s.article_id) AS position
FROM stage_page_files s
WHERE NOT EXISTS (FROM clean.enclosures e WHERE e.article_id = s.article_id AND e.url = s.url)
