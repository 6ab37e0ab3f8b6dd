-- Adds audit records of API requests, many rows per call; nothing else writes to the table.
create or replace function audit.record(
  p_request_id text[], p_transport text[], p_method text[], p_url text[], p_operation text[], p_body text[], p_headers text[],
  p_client_ip text[], p_actor text[], p_started_ms text[], p_status text[], p_duration_ms text[], p_idempotency_key text[], p_wallet text[],
  p_book text[], p_seq text[], p_operation_ids text[]
) returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into audit.request (request_id, transport, method, url, operation, body, headers, client_ip, actor, started_at, status,
    duration_ms, idempotency_key, wallet, book, seq, operation_ids)
  select r.request_id, r.transport, r.method, r.url, r.operation, r.body, r.headers, r.client_ip, r.actor,
    to_timestamp(r.started_ms::double precision / 1000), r.status::integer, r.duration_ms::real, r.idempotency_key, r.wallet,
    r.book::integer, r.seq::bigint, string_to_array(r.operation_ids, ',')
  from unnest(p_request_id, p_transport, p_method, p_url, p_operation, p_body, p_headers, p_client_ip, p_actor, p_started_ms, p_status,
    p_duration_ms, p_idempotency_key, p_wallet, p_book, p_seq, p_operation_ids) as r (request_id, transport, method, url, operation, body,
    headers, client_ip, actor, started_ms, status, duration_ms, idempotency_key, wallet, book, seq, operation_ids)
$$;
