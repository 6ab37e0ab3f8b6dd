-- Deletes the key of an owner, whether or not there is one yet: the owner gets no other.
create or replace function metadata.erase_key(p_owner text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into metadata.data_key as k (owner, erased_at) values (p_owner, clock_timestamp())
  on conflict (owner) do update set wrapped = null, erased_at = clock_timestamp() where k.wrapped is not null
$$;
