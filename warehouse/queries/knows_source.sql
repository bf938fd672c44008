-- Whether there is an article that came from such a source.
SELECT EXISTS (FROM clean.article_versions WHERE source = $source)
