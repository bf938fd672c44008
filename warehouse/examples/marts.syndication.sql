SELECT title, feed_id, copied_by, to_seconds(seconds_to_first_copy) AS after FROM marts.syndication ORDER BY copies DESC
