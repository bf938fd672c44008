SELECT valid_from, title_before, title_after FROM marts.article_revisions WHERE title_changed LIMIT 20
