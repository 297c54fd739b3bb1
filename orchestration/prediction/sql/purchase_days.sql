-- A row for each customer and day with a row of the file. `{{ customer }}`, `{{ day }}` and `{{ amount }}` are expressions over the
-- temporary table `transactions`. Refunds, which are negative amounts, lower what a day is worth and are not purchases.
create or replace temp table read_rows as
select
    nullif(trim(cast({{ customer }} as varchar)), '') as customer,
    nullif(trim(cast({{ day }} as varchar)), '') as written_day,
    {{ read_day }} as day,
    nullif(trim(cast({{ amount }} as varchar)), '') as written_amount,
    case
        -- a number is written with a decimal comma here, and as inf or nan nowhere; a comma before three digits parts thousands
        -- as well, and beyond a trillion nobody pays
        when regexp_full_match(written_amount, '[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?')
            and not regexp_full_match(written_amount, '[+-]?[1-9][0-9]{0,2},[0-9]{3}')
            and abs(try_cast(replace(written_amount, ',', '.') as double)) <= 1e12
        then try_cast(replace(written_amount, ',', '.') as double)
    end as amount
from transactions;

create or replace temp table purchase_days as
select
    customer,
    day,
    sum(amount) as amount,
    bool_or(amount >= 0) as is_purchase
from read_rows
where customer is not null and day is not null and amount is not null
group by all;
