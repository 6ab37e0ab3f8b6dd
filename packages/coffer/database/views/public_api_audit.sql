-- For people with a SQL prompt: what was asked of the API, under the name that they look for it, with the operation it caused.
-- Its events: select e.* from ledger.event e join api_audit a on a.book = e.book and a.seq = e.operation where a.request_id = '…'
create or replace view public.api_audit as
select id, request_id, transport, method, url, operation, body, headers, client_ip, actor, started_at, status, duration_ms,
  idempotency_key, wallet, book, seq, book || '-' || seq as operation_id, operation_ids
from audit.request;
