INSERT INTO clean.article_keys BY NAME SELECT *, md5_number_lower(key) AS key_hash FROM stage_keys
