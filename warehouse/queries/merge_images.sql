MERGE INTO clean.images t USING stage_images s
ON t.image_id = s.image_id
WHEN MATCHED AND (
    (t.status = 'skipped' AND s.status = 'pending')
    OR (t.proxy_url IS NULL AND s.proxy_url IS NOT NULL)
) THEN UPDATE SET
    status = CASE WHEN t.status = 'skipped' THEN s.status ELSE t.status END,
    proxy_url = coalesce(t.proxy_url, s.proxy_url)
WHEN NOT MATCHED THEN INSERT BY NAME
