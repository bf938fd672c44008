-- Every article has an address.
SELECT article_id || ': ' || coalesce(title, 'no title') AS wrong
FROM clean.articles
WHERE url IS NULL OR url = ''
