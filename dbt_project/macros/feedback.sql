{#-
    CTEs that end in `judged` and `about`, of a CTE `texts` (text_id, text): one row per text with its language and sentiment, by
    the seed feedback_words, and one per text and theme. The words are joined, not searched: each different word is looked up once,
    by itself and by its first letters. A negation turns what follows in its part of the sentence, and what stands just before it
    (virker ikke); what comes after a "but" weighs twice.
-#}
{% macro judged_texts() -%}
    lexicon as (
        select
            language,
            role,
            theme,
            replace(word, '*', '') as stem,
            length(replace(word, '*', '')) as letters,
            right(word, 1) <> '*' as is_whole
        from {{ ref("feedback_words") }}
    ),
    -- each mark is a word of its own, and an apostrophe is nothing: don't is dont
    spaced as (
        select
            text_id,
            replace(
                translate(
                    lower(text),
                    ',.;:!?()…–/"' || chr(10) || chr(13) || chr(9) || chr(39) || chr(8217),
                    '||||||||||||   '
                ),
                '|',
                ' | '
            ) as plain
        from texts
    ),
    parted as (select text_id, word, position from {{ each_word_of("spaced", "plain") }} where word <> ''),
    vocabulary as (select distinct word from parted where word <> '|'),
    found as (
        select v.word, l.language, l.role, l.theme, l.letters, l.is_whole
        from vocabulary v
        join lexicon l on l.is_whole and l.stem = v.word
        union all
        select v.word, l.language, l.role, l.theme, l.letters, l.is_whole
        from vocabulary v
        join
            {{ numbers_up_to("select coalesce(max(letters), 0) from lexicon") }} n
            on n.each between 1 and length(v.word)
        join lexicon l on not l.is_whole and l.letters = n.each and l.stem = left(v.word, n.each)
    ),
    -- the longest entry is the closest
    meanings as (
        select
            word,
            language,
            {{ latest("role", packed(["is_whole", "letters", "role"])) }} filter (role <> 'theme') as role,
            {{ latest("theme", packed(["is_whole", "letters", "theme"])) }} filter (role = 'theme') as theme
        from found
        group by word, language
    ),
    -- the language of most words; of as many, the one of more letters
    spoken as (
        select text_id, {{ latest("language", packed(["words", "letters", "language"])) }} as language
        from
            (
                select p.text_id, m.language, count(*) as words, sum(length(p.word)) as letters
                from parted p
                join meanings m on m.word = p.word
                group by 1, 2
            )
        group by text_id
    ),
    meant as (
        select
            p.text_id,
            p.position,
            s.language,
            p.word = '|' or coalesce(m.role in ('contrast', 'joint'), false) as is_border,
            coalesce(m.role, '') as role,
            m.theme
        from parted p
        join spoken s on s.text_id = p.text_id
        left join meanings m on m.word = p.word and m.language = s.language
    ),
    clauses as (
        select
            *,
            count(*) filter (is_border) over (partition by text_id order by position) as clause,
            count(*) filter (role = 'contrast') over (partition by text_id order by position) > 0 as is_after_but
        from meant
    ),
    weighed as (
        select
            text_id,
            case when is_after_but then 2 else 1 end
            * case role when 'positive' then 1 when 'negative' then -1 else 0 end
            * case
                when
                    count(*) filter (role = 'negation') over (
                        partition by text_id, clause order by position rows between 4 preceding and 1 preceding
                    )
                    > 0
                    or language <> 'en'
                    and lead(role) over (partition by text_id, clause order by position) = 'negation'
                then -1
                else 1
            end as weight
        from clauses
    ),
    scores as (select text_id, sum(weight) as score from weighed group by text_id),
    judged as (
        select
            s.text_id,
            s.language,
            w.score,
            case when w.score > 0 then 'positive' when w.score < 0 then 'negative' else 'neutral' end as sentiment
        from spoken s
        join scores w on w.text_id = s.text_id
    ),
    about as (select distinct text_id, theme from meant where theme is not null)
{%- endmacro %}
