MERGE INTO clean.images t USING stage_images s
ON t.image_id = s.image_id
WHEN MATCHED AND (
    (t.status = 'skipped' AND s.status = 'pending')
    OR (s.proxy_url IS NOT NULL AND s.proxy_url IS DISTINCT FROM t.proxy_url)
) THEN UPDATE SET
    status = CASE WHEN t.status = 'skipped' THEN s.status ELSE t.status END,
    proxy_url = coalesce(s.proxy_url, t.proxy_url)
WHEN NOT MATCHED THEN INSERT BY NAME
