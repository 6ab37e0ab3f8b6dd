-- Adds audit records of API requests, many rows per call; nothing else writes to the table. Numbers and chains them under the lock of the
-- chain's head, so that ids are dense and in the order of commits, whichever processes write.
create or replace function audit.record(
  p_request_id text[], p_transport text[], p_method text[], p_url text[], p_operation text[], p_body text[], p_headers text[],
  p_client_ip text[], p_actor text[], p_started_us text[], p_status text[], p_duration_ms text[], p_idempotency_key text[], p_wallet text[],
  p_book text[], p_seq text[], p_operation_ids text[], p_subject text[], p_salt text[]
) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  newest audit.head;
begin
  select * into newest from audit.head h where h.chain = 'request' for no key update;
  with added as (
    insert into audit.request (id, request_id, transport, method, url, operation, body, headers, client_ip, actor, started_at, status,
      duration_ms, idempotency_key, wallet, book, seq, operation_ids, subject, salt, hash)
    select newest.id + r.position, r.request_id, r.transport, r.method, r.url, r.operation, r.body, r.headers, r.client_ip, r.actor,
      timestamptz 'epoch' + r.started_us::bigint * interval '1 microsecond', r.status::integer, r.duration_ms::real, r.idempotency_key,
      r.wallet, r.book::integer, r.seq::bigint, string_to_array(r.operation_ids, ','), r.subject, r.salt,
      -- In the order of the arrays. Casts where the stored value may read differently from what was sent.
      audit.chained(newest.hash, array_send(array[
          (newest.id + r.position)::text, r.request_id, r.transport, r.method, r.operation, r.actor, r.started_us, r.status,
          r.duration_ms::real::text, r.idempotency_key, r.wallet, r.book, r.seq, r.operation_ids
        ]) || sha256(array_send(array[r.salt, r.url, r.body, r.headers, r.client_ip, r.subject]))) over (rows unbounded preceding)
    from unnest(p_request_id, p_transport, p_method, p_url, p_operation, p_body, p_headers, p_client_ip, p_actor, p_started_us, p_status,
      p_duration_ms, p_idempotency_key, p_wallet, p_book, p_seq, p_operation_ids, p_subject, p_salt) with ordinality as r (request_id, transport, method,
      url, operation, body, headers, client_ip, actor, started_us, status, duration_ms, idempotency_key, wallet, book, seq, operation_ids,
      subject, salt, position)
    returning id, hash
  )
  update audit.head set id = last.id, hash = last.hash from (select a.id, a.hash from added a order by a.id desc limit 1) last
  where chain = 'request';
end $$;
