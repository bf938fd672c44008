SELECT method, count(*) AS articles, count(*) FILTER (len(bands) = 0) AS too_short
FROM ops.article_signatures GROUP BY method
