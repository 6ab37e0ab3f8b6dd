-- Adds audit records of API requests, up to 10,000 rows per call; nothing else writes to the table. Numbers and chains them under the lock of
-- the chain's head, so that ids are dense and in the order of commits, whichever processes write. Only the last row of a call has a hash; it
-- covers all rows of the call, column by column: hashing row by row took 3 of 10 µs a row, and 33 of 390 bytes. A column of nulls comes as an
-- array without items.
create or replace function audit.record(
  p_request_id text[], p_transport text[], p_method text[], p_url text[], p_operation text[], p_body text[], p_headers text[],
  p_client_ip text[], p_actor text[], p_started_us text[], p_status text[], p_duration_ms text[], p_idempotency_key text[], p_wallet text[],
  p_book text[], p_seq text[], p_operation_ids text[], p_subject text[], p_salt text[]
) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  newest audit.head;
  last_position constant integer := cardinality(p_request_id);
  durations_ms constant real[] := p_duration_ms::real[];
  next_hash bytea;
begin
  if last_position = 0 then return; end if;
  if last_position > 10000 then raise exception 'too many rows in one call: %', last_position using errcode = 'program_limit_exceeded'; end if;
  select * into newest from audit.head h where h.chain = 'request' for no key update;
  if newest.id + last_position >= (select max(p.next_id) from audit.part p) then perform audit.add_part(); end if;
  -- Arrays are unnested in select lists: a from clause stores each of them first, which takes twice as long.
  select sha256(newest.hash || int8send(newest.id + 1) || array_send(p_request_id) || array_send(p_transport) || array_send(p_method)
      || array_send(p_operation) || array_send(p_actor) || array_send(p_started_us) || array_send(p_status) || array_send(durations_ms)
      || array_send(p_idempotency_key) || array_send(p_wallet) || array_send(p_book) || array_send(p_seq) || array_send(p_operation_ids)
      -- In the order of the arrays.
      || string_agg(sha256(array_send(array[r.salt, r.url, r.body, r.headers, r.client_ip, r.subject])), ''::bytea))
    into next_hash
  from (
    select unnest(p_salt) as salt, unnest(p_url) as url, unnest(p_body) as body, unnest(p_headers) as headers,
      unnest(p_client_ip) as client_ip, unnest(p_subject) as subject
  ) r;
  insert into audit.request (id, request_id, transport, method, url, operation, body, headers, client_ip, actor, started_at, status,
    duration_ms, idempotency_key, wallet, book, seq, operation_ids, subject, salt, hash)
  select newest.id + r.position, r.request_id, r.transport, r.method, r.url, r.operation, r.body, r.headers, r.client_ip, r.actor,
    to_timestamp(r.started_us::double precision / 1000000), r.status::integer, r.duration_ms, r.idempotency_key, r.wallet,
    r.book::integer, r.seq::bigint, string_to_array(r.operation_ids, ','), r.subject, r.salt,
    case when r.position = last_position then next_hash end
  from (
    select generate_series(1, last_position) as position, unnest(p_request_id) as request_id, unnest(p_transport) as transport,
      unnest(p_method) as method, unnest(p_url) as url, unnest(p_operation) as operation, unnest(p_body) as body, unnest(p_headers) as headers,
      unnest(p_client_ip) as client_ip, unnest(p_actor) as actor, unnest(p_started_us) as started_us, unnest(p_status) as status,
      unnest(durations_ms) as duration_ms, unnest(p_idempotency_key) as idempotency_key, unnest(p_wallet) as wallet, unnest(p_book) as book,
      unnest(p_seq) as seq, unnest(p_operation_ids) as operation_ids, unnest(p_subject) as subject, unnest(p_salt) as salt
  ) r;
  update audit.head set id = newest.id + last_position, hash = next_hash, by_call_after = coalesce(by_call_after, newest.id)
  where chain = 'request';
end $$;

-- The version of this function that hashed row by row needed these.
drop aggregate if exists audit.chained(bytea, bytea);
drop function if exists audit.chain_step(bytea, bytea, bytea);
