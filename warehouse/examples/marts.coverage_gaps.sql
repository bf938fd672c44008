SELECT day, feed_id, articles, usual FROM marts.coverage_gaps WHERE day > current_date - 90
