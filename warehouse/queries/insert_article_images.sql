INSERT INTO clean.article_images BY NAME SELECT * FROM stage_article_images
