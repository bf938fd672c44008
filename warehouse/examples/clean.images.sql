SELECT status, media_type, count(*) AS images, sum(bytes) AS bytes
FROM clean.images GROUP BY ALL ORDER BY images DESC
