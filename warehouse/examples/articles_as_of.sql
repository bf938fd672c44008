SELECT title, version FROM articles_as_of('2026-11-20 12:00:00+00') ORDER BY published_at DESC LIMIT 20
