SELECT count(*) AS documents FROM search.gone
