-- stage_done(erasure_id, queued_at): erasures that are done, if they were not queued again meanwhile.
DELETE FROM ops.erasures e USING stage_done s WHERE e.erasure_id = s.erasure_id AND e.queued_at = s.queued_at
