SELECT outbox, state, count(*) AS messages, max(error) AS error FROM ops.outbox GROUP BY ALL ORDER BY ALL
