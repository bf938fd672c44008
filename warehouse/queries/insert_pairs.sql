INSERT INTO clean.similar_articles BY NAME FROM stage_pairs;
