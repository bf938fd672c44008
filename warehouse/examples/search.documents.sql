SELECT count(*) AS articles, median(length) AS typical, max(length) AS longest FROM search.documents
