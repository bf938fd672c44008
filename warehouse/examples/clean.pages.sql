-- which sites' pages give the whole text, and why the others do not
SELECT feed_id, status, error, count(*) AS pages, CAST(avg(words - feed_words) AS BIGINT) AS words_more
FROM clean.pages
GROUP BY ALL
ORDER BY pages DESC
LIMIT 20
