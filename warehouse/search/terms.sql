-- A text as the terms that are searched for; the same for articles and for queries. Words are without accents and by
-- their English stems (warehouse/search/stems.sql); Chinese, Japanese, Korean and Thai, which have no spaces or few, are
-- pairs of neighbouring characters.
CREATE OR REPLACE MACRO search_folded(said) AS
    lower(
        CASE
            WHEN regexp_matches(said, '[０-９Ａ-Ｚａ-ｚ]') THEN translate(said,
                '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ',
                '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
            ELSE coalesce(said, '')
        END);
COMMENT ON MACRO search_folded IS 'Full-width letters and digits as plain ones, all small.';

CREATE OR REPLACE MACRO search_pairs(run) AS
    CASE
        WHEN length(run) < 2 THEN [run]
        ELSE list_transform(range(1, length(run)), lambda i: substring(run, i, 2))
    END;
COMMENT ON MACRO search_pairs IS 'Pairs of neighbouring characters.';

CREATE OR REPLACE MACRO search_words(folded) AS
    list_transform(
        regexp_extract_all(
            strip_accents(
                regexp_replace(folded, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー]+', ' ', 'g')),
            '[\p{L}\p{N}]+'),
        lambda word: left(word, 40));
COMMENT ON MACRO search_words IS 'The words of a text in scripts that have spaces.';

CREATE OR REPLACE MACRO search_runs(folded) AS
    regexp_extract_all(folded, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー]+');
COMMENT ON MACRO search_runs IS 'The pieces of a text in scripts without spaces.';

CREATE OR REPLACE MACRO search_tokens(said) AS
    list_concat(
        search_words(search_folded(said)),
        flatten(list_transform(search_runs(search_folded(said)), lambda run: search_pairs(run))));
COMMENT ON MACRO search_tokens IS 'A text as words and pairs, before their stems are made.';

CREATE OR REPLACE MACRO search_terms(said) AS search_stems(search_tokens(said));
COMMENT ON MACRO search_terms IS 'A text as the terms that are searched for.';

CREATE OR REPLACE MACRO search_held_tokens(said) AS
    list_concat(
        search_tokens(said),
        list_transform(
            list_filter(search_runs(search_folded(said)), lambda run: length(run) > 1), lambda run: right(run, 1)));
COMMENT ON MACRO search_held_tokens IS 'The same of an article: with the last character of each piece, so that every character begins a term.';

CREATE OR REPLACE MACRO search_held(said) AS search_stems(search_held_tokens(said));
COMMENT ON MACRO search_held IS 'The terms that an article is found by.';

CREATE OR REPLACE MACRO search_first(term) AS
    nullif(regexp_extract(term, '^[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}ー]'), '');
COMMENT ON MACRO search_first IS 'The first character of a term in a script without spaces.';
