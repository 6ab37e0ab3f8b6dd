-- For people with a SQL prompt: the API requests, with the operation each one caused.
-- The events of a request: select e.* from ledger.event e join api_audit a on a.book = e.book and a.seq = e.operation where a.request_id = '…'
create or replace view public.api_audit as
select id, request_id, transport, method, url, operation, body, headers, client_ip, actor, started_at, status, duration_ms,
  idempotency_key, wallet, book, seq, book || '-' || seq as operation_id, operation_ids
from audit.request;
