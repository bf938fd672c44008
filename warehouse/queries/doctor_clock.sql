-- When the last answers came, by our clock and by their servers'. Answers out of a cache are dated long before.
SELECT fetched_at, headers ->> 'date' AS date FROM raw.documents
WHERE source = 'feed' AND (headers ->> 'date') IS NOT NULL AND coalesce(headers ->> 'age', '0') = '0'
ORDER BY fetched_at DESC LIMIT 20
