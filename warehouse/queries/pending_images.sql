-- $1: attempts allowed, $2: not tried since, $3: how many
SELECT image_id, url, proxy_url, attempts
FROM clean.images
WHERE status = 'pending' OR (status = 'failed' AND attempts < ? AND fetched_at < ?)
ORDER BY attempts, image_id
LIMIT ?
