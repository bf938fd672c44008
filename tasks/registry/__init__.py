"""The feeds registry, feeds.toml: read, checked, changed; OPML; finding a site's feeds."""
