-- Every enclosure has an address and belongs to an article, and none is there twice.
SELECT e.article_id || ': no such article, and it encloses ' || coalesce(e.url, 'a file') AS wrong
FROM clean.enclosures e ANTI JOIN clean.articles a ON a.article_id = e.article_id
UNION ALL
SELECT article_id || ': enclosure ' || position || ' has no address'
FROM clean.enclosures
WHERE url IS NULL OR url = ''
UNION ALL
SELECT article_id || ': enclosure ' || position || ' twice'
FROM clean.enclosures GROUP BY article_id, position HAVING count(*) > 1
