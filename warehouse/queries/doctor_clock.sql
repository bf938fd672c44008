-- The time of the last responses by our clock and by their servers'. Responses from a cache have an older date.
SELECT fetched_at, headers ->> 'date' AS date FROM raw.documents
WHERE source = 'feed' AND (headers ->> 'date') IS NOT NULL AND coalesce(headers ->> 'age', '0') = '0'
ORDER BY fetched_at DESC LIMIT 20
