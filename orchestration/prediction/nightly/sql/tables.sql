-- What nights say of customers, how good it was on a time or on customers that the fit had not seen, and the fits
-- themselves.
create schema if not exists scores;

create table if not exists scores.customer_scores (
    customer_id varchar not null,
    score varchar not null,
    value double not null,
    lower double,
    upper double,
    decile integer not null,
    version varchar not null,
    as_of timestamp not null,
    reasons varchar not null,
    reason_codes varchar not null,
    outcome varchar
);

create table if not exists scores.score_quality (
    score varchar not null,
    version varchar not null,
    as_of timestamp not null,
    measure varchar not null,
    value double,
    baseline_value double,
    error double,
    baseline varchar not null,
    is_held_back boolean not null,
    why varchar not null
);

-- without_scores: scores of the model that are not told, for no earlier fit can stand in for them; about: what cards say of the fit, by
-- score
create table if not exists scores.score_models (
    model varchar not null,
    version varchar not null,
    as_of timestamp not null,
    inputs varchar not null,
    content varchar not null,
    is_held_back boolean not null,
    without_scores varchar[] not null,
    about varchar not null
);

-- how many customers a fit's first night had up to each cut, above the last one, and without a value; of what it reads, and of its
-- scores
create table if not exists scores.fit_bins (
    model varchar not null,
    version varchar not null,
    kind varchar not null,
    name varchar not null,
    cuts double[] not null,
    customers bigint[] not null
);

create table if not exists scores.score_drift (
    model varchar not null,
    version varchar not null,
    as_of timestamp not null,
    kind varchar not null,
    name varchar not null,
    stability_index double not null,
    has_moved boolean not null,
    customers bigint not null,
    customers_at_fit bigint not null
);
