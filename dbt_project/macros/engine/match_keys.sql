{#-
    The match keys (orchestration/match_keys): the only folding of names, emails, postal codes, streets, countries and birth
    dates. The engine has them as functions of the schema match_keys; on Spark they are to be registered under these names.
-#}
{% macro seen(value) -%} match_keys.seen({{ value }}) {%- endmacro %}
{% macro words_key(value) -%} match_keys.words_key({{ value }}) {%- endmacro %}
{% macro joined_key(value) -%} match_keys.joined_key({{ value }}) {%- endmacro %}
{% macro words_of(value) -%} match_keys.words_of({{ value }}) {%- endmacro %}
{% macro name_forms(value) -%} match_keys.name_forms({{ value }}) {%- endmacro %}
{#- The forms of a name and of its sound (Kristina, Christina), for what denies or hides. -#}
{% macro alike_forms(value) -%} match_keys.alike_forms({{ value }}) {%- endmacro %}
{% macro family_of(value) -%} match_keys.family_of({{ value }}) {%- endmacro %}
{% macro name_acronyms(value) -%} match_keys.name_acronyms({{ value }}) {%- endmacro %}
{% macro first_sounds(words) -%} match_keys.first_sounds({{ words }}) {%- endmacro %}
{% macro given_keys(value) -%} match_keys.given_keys({{ value }}) {%- endmacro %}
{% macro email_key(value) -%} match_keys.email_key({{ value }}) {%- endmacro %}
{% macro email_readings(value) -%} match_keys.email_readings({{ value }}) {%- endmacro %}
{% macro country_code(value) -%} match_keys.country_code({{ value }}) {%- endmacro %}
{% macro postal_key(value, country) -%} match_keys.postal_key({{ value }}, {{ country }}) {%- endmacro %}
{% macro is_postal_key(key, country) -%} match_keys.is_postal_key({{ key }}, {{ country }}) {%- endmacro %}
{#- The postal codes that an address in one line may hold, as a list. -#}
{% macro postal_keys_in(value) -%} match_keys.postal_keys_in({{ value }}) {%- endmacro %}
{#- The countries that an address in one line may name, as a list. -#}
{% macro address_countries(value) -%} match_keys.address_countries({{ value }}) {%- endmacro %}
{% macro street_marks(street_key) -%} match_keys.street_marks({{ street_key }}) {%- endmacro %}
{% macro same_street(marks, others) -%} match_keys.same_street({{ marks }}, {{ others }}) {%- endmacro %}
{% macro plausible_birth(date, today) -%} match_keys.plausible_birth({{ date }}, {{ today }}) {%- endmacro %}
{#- A query of the names that a short form may stand for (given_word, given_forms); `nicknames` is the seed. -#}
{% macro short_forms(nicknames) -%} select * from match_keys.short_forms('{{ nicknames }}') {%- endmacro %}
