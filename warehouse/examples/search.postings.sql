SELECT term, count(*) AS articles FROM search.postings WHERE term >= 'a' AND term < 'b' GROUP BY term ORDER BY articles DESC LIMIT 20
