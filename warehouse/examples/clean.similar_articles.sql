SELECT s.similarity, a.title, b.title AS other_title
FROM clean.similar_articles s
JOIN clean.articles a USING (article_id) JOIN clean.articles b ON b.article_id = s.other_id
ORDER BY s.similarity DESC LIMIT 20
