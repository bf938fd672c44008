-- Every load rewrites this one row. Two loads at the same time don't see each other's articles; because of this row
-- DuckLake refuses the second commit, and that load is retried.
MERGE INTO ops.turns t USING (SELECT 'load' AS turn) s ON t.turn = s.turn
WHEN MATCHED THEN UPDATE SET turn = s.turn
WHEN NOT MATCHED THEN INSERT BY NAME
