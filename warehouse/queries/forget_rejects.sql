-- stage_ids(id): addresses and guids. What was rejected and names one of them.
DELETE FROM ops.rejects r
WHERE EXISTS (SELECT 1 FROM stage_ids WHERE contains(r.location, id) OR contains(r.error, id))
