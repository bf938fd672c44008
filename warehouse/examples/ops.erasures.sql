SELECT * FROM ops.erasures
