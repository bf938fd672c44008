SELECT hour(hour) AS hour_of_day, sum(articles) AS articles FROM marts.hourly_volume GROUP BY ALL ORDER BY ALL
