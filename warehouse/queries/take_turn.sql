-- Every load writes this one row again: of two at the same time, of which neither sees the other's articles, DuckLake
-- refuses the second to commit. It is begun again.
MERGE INTO ops.turns t USING (SELECT 'load' AS turn) s ON t.turn = s.turn
WHEN MATCHED THEN UPDATE SET turn = s.turn
WHEN NOT MATCHED THEN INSERT BY NAME
