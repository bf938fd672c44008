INSERT INTO ops.article_signatures BY NAME FROM stage_signatures;
