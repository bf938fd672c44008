-- which sites name newsmill in their robots.txt
SELECT address, fetched_at, rules
FROM ops.robots
WHERE rules ILIKE '%newsmill%'
LIMIT 20
