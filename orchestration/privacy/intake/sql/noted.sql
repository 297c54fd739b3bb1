create schema if not exists restricted;
create table if not exists restricted.erasing_customers (customer_id varchar, customer_key varchar);
create table if not exists restricted.erasing_records (source_system varchar, source_key varchar, record_id ubigint);
create table if not exists restricted.erasing_values (kind varchar, value varchar, is_shared boolean);
-- rows of facts that went with them, whom no column names
create table if not exists restricted.erasing_rows (table_name varchar, source_system varchar, source_key varchar);
