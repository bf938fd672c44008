UPDATE search.made SET
    last = greatest(last, (SELECT coalesce(max(doc), 0) FROM search.documents)),
    documents = (SELECT count(*) FROM search.documents),
    mean = (SELECT coalesce(avg(greatest(length, 1)), 1) FROM search.documents);
