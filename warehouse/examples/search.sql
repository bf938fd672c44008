SELECT score, title, feed_id, snippet FROM search('半导体 出口管制', n := 10)
