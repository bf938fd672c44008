INSERT INTO clean.article_versions BY NAME SELECT * FROM stage_versions
