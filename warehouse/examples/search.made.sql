SELECT documents, mean FROM search.made
