SELECT category, sum(articles) AS articles FROM marts.categories GROUP BY category ORDER BY articles DESC LIMIT 20
