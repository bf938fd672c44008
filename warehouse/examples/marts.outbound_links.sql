SELECT domain, sum(links) AS links FROM marts.outbound_links GROUP BY domain ORDER BY links DESC LIMIT 20
