-- Synthetic articles from number $first to $last, exclusive. Languages and lengths are those of the corpus (see
-- synthetic.py); word frequencies follow Zipf's law (Zipf-Mandelbrot in Chinese); number i is always the same article.
CREATE OR REPLACE TEMP MACRO chance(i, k) AS (hash(i * 100000 + k) % 1000003) / 1000003.0;

CREATE OR REPLACE TEMP MACRO words_of(language, u) AS
    CASE
        WHEN language IN ('zh', 'ja') THEN
            CASE
                WHEN u < 0.25 THEN 4 + u * 4 * 40
                WHEN u < 0.50 THEN 44 + (u - 0.25) * 4 * 126
                WHEN u < 0.75 THEN 170 + (u - 0.50) * 4 * 1208
                WHEN u < 0.90 THEN 1378 + (u - 0.75) / 0.15 * 2464
                ELSE 3842 + (u - 0.90) * 10 * 5200
            END
        WHEN u < 0.25 THEN 18 + u * 4 * 44
        WHEN u < 0.50 THEN 62 + (u - 0.25) * 4 * 195
        WHEN u < 0.75 THEN 257 + (u - 0.50) * 4 * 552
        WHEN u < 0.90 THEN 809 + (u - 0.75) / 0.15 * 671
        ELSE 1480 + (u - 0.90) * 10 * 2323
    END::INTEGER;

CREATE OR REPLACE TEMP MACRO syllable(r) AS
    substr('bcdfghjklmnprtvwzxqy', (r % 20 + 1)::INTEGER, 1) || substr('aeiou', (r // 20 % 5 + 1)::INTEGER, 1);

CREATE OR REPLACE TEMP MACRO latin_word(r) AS
    syllable(r) || if(r >= 100, syllable(r // 100), '') || if(r >= 10000, syllable(r // 10000) || 'n', '');

CREATE OR REPLACE TEMP MACRO cjk_word(r, language) AS
    chr((19968 + r * 7919 % 3500)::INTEGER)
    || if(language = 'ja', chr((12354 + r * 31 % 80)::INTEGER), chr((19968 + (r * 104729 + 17) % 3500)::INTEGER));

-- an article repeats its own words: more than half of the positions share 61 draws
CREATE OR REPLACE TEMP MACRO draw(k) AS if(k % 7 < 4, k % 61, k);

CREATE OR REPLACE TEMP MACRO text_of(i, language, words) AS
    if(
        language IN ('zh', 'ja'),
        array_to_string(
            list_transform(
                range(words // 2 + 1),
                lambda k: cjk_word(floor(40 * exp(chance(i, draw(k)) * 7.825) - 40)::BIGINT, language)
                    || CASE WHEN k % 90 = 89 THEN '。' || chr(10) || chr(10) WHEN k % 11 = 10 THEN '，' ELSE '' END),
            ''),
        array_to_string(
            list_transform(
                range(words),
                lambda k: latin_word(floor(exp(chance(i, draw(k)) * 12.61))::BIGINT)
                    || CASE WHEN k % 80 = 79 THEN '.' || chr(10) || chr(10) WHEN k % 13 = 12 THEN ',' ELSE '' END),
            ' '));

CREATE OR REPLACE TEMP TABLE synthetic AS
WITH
    numbered AS (
        SELECT
            i,
            CASE WHEN chance(i, 90001) < 0.65 THEN 'en' WHEN chance(i, 90001) < 0.98 THEN 'zh'
                WHEN chance(i, 90001) < 0.99 THEN 'ja' ELSE 'de' END AS language
        FROM range($first, $last) numbers(i)
    ),
    sized AS (SELECT *, words_of(language, chance(i, 90002)) AS words FROM numbered),
    texts AS (
        SELECT
            i, language, words, text_of(i, language, words) AS content_text,
            text_of(i + 500000000, language, if(language IN ('zh', 'ja'), 22, 7)) AS title
        FROM sized
    )
SELECT
    i, md5('article ' || i) AS article_id, 'feed-' || floor(300 * chance(i, 90003) ** 2)::INTEGER AS feed_id,
    'https://site-' || floor(300 * chance(i, 90003) ** 2)::INTEGER || '.example/' || i AS url, title,
    if(chance(i, 90004) < 0.6, 'Author ' || floor(5000 * chance(i, 90005))::INTEGER, NULL) AS author,
    TIMESTAMPTZ '2026-11-20 12:00:00+00' - to_seconds((1e9 - i) % 1e9 * 60) AS first_seen_at,
    first_seen_at - to_seconds(7200 * chance(i, 90006)) AS published_at,
    language, left(content_text, 200) AS summary,
    '<p>' || replace(content_text, '.' || chr(10) || chr(10),
        '. <a href="https://site-' || floor(2000 * chance(i, 90007) ** 3)::INTEGER || '.example/x">more</a></p>' || chr(10) || '<p>')
        || '</p>' AS content_html,
    content_text, words AS word_count, ['tag ' || floor(900 * chance(i, 90008) ** 2)::INTEGER] AS categories,
    if(chance(i, 90009) < 0.6, md5('image ' || i), NULL) AS lead_image_id, md5('hash ' || i) AS content_hash,
    md5('entry ' || i) AS entry_id
FROM texts;
