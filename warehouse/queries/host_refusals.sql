SELECT host, refused_until, status, refused_at FROM ops.hosts WHERE refused_until > ?
