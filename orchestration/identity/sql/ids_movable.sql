-- what may get another customer: a customer and a cluster with a touched record have no other ones
create or replace temp view movable_clusters as from identity.record_clusters {{ only }};
create or replace temp view movable_records as from identity.customer_source_records where valid_to is null {{ only_standing }};
