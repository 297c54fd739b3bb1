create or replace temp view members as from identity.normalised_people;
create or replace temp view member_edges as from identity.edges;
