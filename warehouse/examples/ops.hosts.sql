SELECT host, status, refused_until FROM ops.hosts ORDER BY refused_until DESC
