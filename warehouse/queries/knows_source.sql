-- Whether any article came from the source.
SELECT EXISTS (FROM clean.article_versions WHERE source = $source)
