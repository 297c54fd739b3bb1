{{ config(meta={"raw_count": "sum(len(answers))"}) }}

select
    response_id || '-' || answer.question as source_key,
    response_id as response_key,
    answer.question as question,
    answer.kind as kind,
    answer.value as answer_text,
    try_cast(answer.value as double) as answer_number,
    {{ staging_end("survey", [["answer.question is null", "question is missing", "missing"]]) }}
from {{ each_of(source("survey", "responses"), "answers", "answer") }}
