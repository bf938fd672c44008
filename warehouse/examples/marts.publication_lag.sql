SELECT feed_id, to_seconds(median_seconds) AS median, to_seconds(p90_seconds) AS p90 FROM marts.publication_lag
