SELECT feed_id, count(*) AS asked, median(seconds) AS seconds FROM ops.fetches GROUP BY feed_id ORDER BY seconds DESC
