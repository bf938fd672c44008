-- The stems of English words, as Snowball's English stemmer has them (snowballstem.org, version 3.1; Porter 2001,
-- "Snowball: a language for stemming algorithms"), in SQL, so that any DuckDB can search. A step takes and returns
-- {said, word, r1, r2}: the word as it was, as it is now, and how many letters stand before the regions R1 and R2, where
-- most endings must lie. A y that is a consonant is Y meanwhile. Apostrophes are left out: terms have none.
CREATE OR REPLACE MACRO search_is_short(word) AS
    regexp_matches(word, '[^aeiouy][aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$|past$');
COMMENT ON MACRO search_is_short IS 'Whether the word ends in a short syllable.';

CREATE OR REPLACE MACRO search_swapped(word, region, ending, endings) AS
    CASE
        WHEN ending <> '' AND length(word) - length(ending) >= region
            THEN left(word, length(word) - length(ending)) || coalesce(endings[ending], '')
        ELSE word
    END;
COMMENT ON MACRO search_swapped IS 'The word with another ending (none, if endings has none), if its own lies in the region.';

CREATE OR REPLACE MACRO search_step_0(said) AS
    {
        'said': said,
        'word': regexp_replace(regexp_replace(said, '^y', 'Y'), '([aeiouy])y', '\1Y', 'g')
    };
COMMENT ON MACRO search_step_0 IS 'The word with its consonants y as Y.';

CREATE OR REPLACE MACRO search_step_r1(s) AS
    {
        'said': s.said, 'word': s.word,
        'r1': coalesce(
            nullif(length(regexp_extract(
                s.word,
                '^(?:arsen|commun|emerg|gener|inter|later|organ|past|univers|.*?[aeiouy][^aeiouy])')), 0),
            length(s.word))
    };
COMMENT ON MACRO search_step_r1 IS 'Where R1 begins: after the first consonant that follows a vowel.';

CREATE OR REPLACE MACRO search_step_r2(s) AS
    {
        'said': s.said, 'word': s.word, 'r1': s.r1,
        'r2': coalesce(
            s.r1 + nullif(length(regexp_extract(substring(s.word, s.r1 + 1), '^.*?[aeiouy][^aeiouy]')), 0),
            length(s.word))
    };
COMMENT ON MACRO search_step_r2 IS 'Where R2 begins: after the same, counted within R1.';

CREATE OR REPLACE MACRO search_step_1a(s) AS
    {
        'said': s.said, 'r1': s.r1, 'r2': s.r2,
        'word': CASE
            WHEN NOT (suffix(s.word, 's') OR suffix(s.word, 'ied')) THEN s.word
            WHEN suffix(s.word, 'sses') THEN left(s.word, -2)
            WHEN suffix(s.word, 'ied') OR suffix(s.word, 'ies') THEN left(s.word, if(length(s.word) > 4, -2, -1))
            WHEN suffix(s.word, 'us') OR suffix(s.word, 'ss') THEN s.word
            WHEN regexp_matches(s.word, '[aeiouy].+s$') THEN left(s.word, -1)
            ELSE s.word
        END
    };
COMMENT ON MACRO search_step_1a IS 'Plurals: glasses, ties, gaps.';

CREATE OR REPLACE MACRO search_step_1b(s) AS
    {
        'said': s.said, 'r1': s.r1, 'r2': s.r2,
        'before': s.word,
        'word': CASE
            WHEN NOT regexp_matches(s.word, '(?:ed|ing)(?:ly)?$') THEN s.word
            WHEN regexp_matches(s.word, 'eed(?:ly)?$') THEN CASE
                WHEN regexp_matches(s.word, '^(?:succ|proc|exc)eed') THEN s.word
                ELSE search_swapped(s.word, s.r1, regexp_extract(s.word, 'eed(?:ly)?$'), MAP {'eed': 'ee', 'eedly': 'ee'})
            END
            WHEN regexp_matches(s.word, '^(?:even|cann|inn|earr|herr|out)ing$') THEN s.word
            WHEN regexp_matches(s.word, '^[^aeiouy]ying$') THEN left(s.word, 1) || 'ie'
            ELSE regexp_replace(s.word, '([aeiouy].*?)(?:ed|ing)(?:ly)?$', '\1')
        END
    };
COMMENT ON MACRO search_step_1b IS 'Past and progressive: agreed, plastered, motoring.';

CREATE OR REPLACE MACRO search_step_1b_mended(s) AS
    {
        'said': s.said, 'r1': s.r1, 'r2': s.r2,
        'word': CASE
            WHEN s.word = s.before OR regexp_matches(s.before, 'eed(?:ly)?$|^[^aeiouy]ying$') THEN s.word
            WHEN regexp_matches(s.word, '(?:at|bl|iz)$') THEN s.word || 'e'
            WHEN regexp_matches(s.word, '(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$')
                THEN if(regexp_matches(s.word, '^[aeo]..$'), s.word, left(s.word, -1))
            WHEN length(s.word) = s.r1 AND search_is_short(s.word) THEN s.word || 'e'
            ELSE s.word
        END
    };
COMMENT ON MACRO search_step_1b_mended IS 'What the step before has left: conflat(ed), hopp(ing), hop(ing).';

CREATE OR REPLACE MACRO search_step_1c(s) AS
    {
        'said': s.said, 'r1': s.r1, 'r2': s.r2,
        'word': if(regexp_matches(s.word, '.[^aeiouy][yY]$'), left(s.word, -1) || 'i', s.word)
    };
COMMENT ON MACRO search_step_1c IS 'A y at the end: happy, but not by or say.';

CREATE OR REPLACE MACRO search_step_2(s) AS
    {
        'said': s.said, 'r1': s.r1, 'r2': s.r2,
        'word': CASE
            WHEN regexp_matches(s.word, '(?:^|[^l])ogi$|(?:^|[^cdeghkmnrt])li$')
                AND NOT regexp_matches(s.word, '(?:b|al|ful|less|ous)li$') THEN s.word
            ELSE search_swapped(
                s.word, s.r1,
                regexp_extract(
                    s.word,
                    '(?:ational|tional|alism|aliti|alli|ation|ator|anci|abli|biliti|bli|enci|entli|fulness|fulli|'
                    || 'iveness|iviti|ization|izer|lessli|ousness|ousli|ogist|ogi|li)$'),
                MAP {
                    'ational': 'ate', 'tional': 'tion', 'alism': 'al', 'aliti': 'al', 'alli': 'al', 'ation': 'ate',
                    'ator': 'ate', 'anci': 'ance', 'abli': 'able', 'biliti': 'ble', 'bli': 'ble', 'enci': 'ence',
                    'entli': 'ent', 'fulness': 'ful', 'fulli': 'ful', 'iveness': 'ive', 'iviti': 'ive',
                    'ization': 'ize', 'izer': 'ize', 'lessli': 'less', 'ousness': 'ous', 'ousli': 'ous',
                    'ogist': 'og', 'ogi': 'og'})
        END
    };
COMMENT ON MACRO search_step_2 IS 'Endings of several syllables: relational, hopefulness.';

CREATE OR REPLACE MACRO search_step_3(s) AS
    {
        'said': s.said, 'r1': s.r1, 'r2': s.r2,
        'word': search_swapped(
            s.word, if(suffix(s.word, 'ative'), s.r2, s.r1),
            regexp_extract(s.word, '(?:ational|tional|alize|ative|icate|iciti|ical|ful|ness)$'),
            MAP {
                'ational': 'ate', 'tional': 'tion', 'alize': 'al', 'icate': 'ic', 'iciti': 'ic', 'ical': 'ic'})
    };
COMMENT ON MACRO search_step_3 IS 'Further endings: triplicate, formative.';

CREATE OR REPLACE MACRO search_step_4(s) AS
    {
        'said': s.said, 'r1': s.r1, 'r2': s.r2,
        'word': CASE
            WHEN regexp_matches(s.word, '(?:^|[^st])ion$') THEN s.word
            ELSE search_swapped(
                s.word, s.r2,
                regexp_extract(
                    s.word, '(?:ement|ment|ance|ence|able|ible|ant|ent|ate|ive|ize|iti|ism|ion|ous|al|er|ic)$'),
                MAP {'': ''})
        END
    };
COMMENT ON MACRO search_step_4 IS 'Endings of nouns and adjectives: revival, adjustment.';

CREATE OR REPLACE MACRO search_step_5(s) AS
    {
        'said': s.said,
        'word': CASE
            WHEN suffix(s.word, 'e') AND (
                length(s.word) > s.r2 OR (length(s.word) > s.r1 AND NOT search_is_short(left(s.word, -1)))
            ) THEN left(s.word, -1)
            WHEN suffix(s.word, 'll') AND length(s.word) > s.r2 THEN left(s.word, -1)
            ELSE s.word
        END
    };
COMMENT ON MACRO search_step_5 IS 'A last e or l: rate, controll.';

CREATE OR REPLACE MACRO search_step_6(s) AS
    CASE
        WHEN length(s.said) < 3 OR s.said IN ('andes', 'atlas', 'bias', 'cosmos', 'howe', 'news', 'sky') THEN s.said
        ELSE coalesce(
            MAP {
                'early': 'earli', 'gently': 'gentl', 'idly': 'idl', 'only': 'onli', 'singly': 'singl', 'skies': 'sky',
                'skis': 'ski', 'ugly': 'ugli'}[s.said],
            lower(s.word))
    END;
COMMENT ON MACRO search_step_6 IS 'The stem: what the steps have made, unless the word is an exception.';

CREATE OR REPLACE MACRO search_stems(words) AS
    list_transform(list_transform(list_transform(list_transform(list_transform(list_transform(list_transform(
        list_transform(list_transform(list_transform(list_transform(list_transform(
            words,
            lambda word: search_step_0(word)), lambda s: search_step_r1(s)), lambda s: search_step_r2(s)),
        lambda s: search_step_1a(s)), lambda s: search_step_1b(s)), lambda s: search_step_1b_mended(s)),
        lambda s: search_step_1c(s)), lambda s: search_step_2(s)), lambda s: search_step_3(s)),
        lambda s: search_step_4(s)), lambda s: search_step_5(s)), lambda s: search_step_6(s));
COMMENT ON MACRO search_stems IS 'The stems of words: of churches church, of news news.';

CREATE OR REPLACE MACRO search_stem(word) AS search_stems([word])[1];
COMMENT ON MACRO search_stem IS 'The stem of a word.';
