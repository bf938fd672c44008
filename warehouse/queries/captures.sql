SELECT final_url, max(fetched_at) FROM raw.documents WHERE source = ? AND feed_id = ? GROUP BY final_url
