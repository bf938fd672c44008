-- stage_erasures: rows of ops.erasures. What is queued again is to be done again, whoever is doing it at this moment.
MERGE INTO ops.erasures t USING stage_erasures s ON t.erasure_id = s.erasure_id
WHEN MATCHED THEN UPDATE SET queued_at = s.queued_at
WHEN NOT MATCHED THEN INSERT BY NAME
