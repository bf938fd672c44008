SELECT step, error, count(*) AS times FROM ops.rejects GROUP BY ALL ORDER BY times DESC
