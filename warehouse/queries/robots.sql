SELECT address, rules FROM ops.robots WHERE fetched_at >= $since
