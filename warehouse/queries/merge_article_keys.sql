MERGE INTO clean.article_keys t USING stage_keys s
ON t.key = s.key
WHEN NOT MATCHED THEN INSERT BY NAME
