MERGE INTO ops.robots t USING stage_robots s ON t.address = s.address
WHEN MATCHED THEN UPDATE SET fetched_at = s.fetched_at, rules = s.rules
WHEN NOT MATCHED THEN INSERT BY NAME
