-- Functions that several queries share; every connection to the warehouse has them.
-- The host of an address, with its port if it states one, as a refusal names it (tasks/fetch/refusals.py).
CREATE OR REPLACE TEMP MACRO host_of(url) AS regexp_extract(lower(url), '^https?://(?:[^/?#]*@)?([^/?#]+)', 1)
