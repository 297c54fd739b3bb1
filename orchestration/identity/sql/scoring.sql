create table if not exists identity.calibration (
    model_version varchar not null, records ubigint not null, shift double not null, blocks varchar not null
);
create table if not exists identity.term_frequencies ({{ shape }});
create table if not exists identity.scored_pairs (left_id ubigint, right_id ubigint, weight double, probability double);
