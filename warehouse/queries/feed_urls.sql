-- stage_ids(id): feeds
SELECT f.feed_id, f.url
FROM ops.feeds f SEMI JOIN stage_ids s ON f.feed_id = s.id
