-- A view for queries by hand: the API requests, with the operation each one caused, without e-mail addresses and addresses of
-- callers; GET /audit shows those to staff.
-- The events of a request: select e.* from ledger.event e join api_audit a on a.book = e.book and a.seq = e.operation where a.request_id = '…'
create or replace view public.api_audit as
select id, request_id, transport, method,
  regexp_replace(url, '[^\s"''/?&=<>]+(@|%40)[^\s"''/?&=<>]+', '[hidden]', 'gi') as url,
  operation,
  regexp_replace(body, '[^\s"''<>(),;:]+@[^\s"''<>(),;:]+', '[hidden]', 'g') as body,
  regexp_replace(regexp_replace(headers, '"x-forwarded-for":"[^"]*"?', '"x-forwarded-for":"[hidden]"'),
    '[^\s"''<>(),;:]+@[^\s"''<>(),;:]+', '[hidden]', 'g') as headers,
  case when client_ip is not null then '[hidden]' end as client_ip,
  actor, started_at, status, duration_ms,
  idempotency_key, wallet, book, seq, book || '-' || seq as operation_id, operation_ids
from audit.request;
