create or replace temp view edge_people as select *, true as is_touched from identity.normalised_people;
create or replace temp view edge_scores as from identity.scored_pairs;
