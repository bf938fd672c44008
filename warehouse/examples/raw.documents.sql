SELECT feed_id, count(*) AS documents, sum(size) AS bytes FROM raw.documents GROUP BY feed_id ORDER BY bytes DESC
