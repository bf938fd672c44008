"""The feeds registry, feeds.toml: reading, checking and changing it; OPML; finding a site's feeds."""
