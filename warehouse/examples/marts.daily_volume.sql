SELECT day, sum(articles) AS articles FROM marts.daily_volume GROUP BY day ORDER BY day DESC LIMIT 30
