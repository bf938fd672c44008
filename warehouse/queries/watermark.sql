SELECT mark, documents, started_at, finished_at FROM ops.watermarks WHERE watermark_id = ?
