create schema if not exists restricted;
create table if not exists restricted.rights_keys (request_id varchar not null, kind varchar not null, keyed_hash varchar not null);
-- an erasure that waits restricts and objects, each by keys of its own; null, of keys made before this column: both
alter table restricted.rights_keys add column if not exists what varchar;
create table if not exists restricted.rights_compared (digest ubigint not null);
