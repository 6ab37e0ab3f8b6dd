-- The audit as a chain: each row's hash covers the row before it, so that a changed, removed, inserted or moved row shows.
-- Formula: docs/operating/audit.md. Personal text enters the hash as a salted digest, so it can be erased and the chain still verifies.
alter table audit.request
  add column hash   bytea check (octet_length(hash) = 32),
  -- The user that the request is about: an id, or an e-mail address in lower case.
  add column subject text,
  -- Makes the digest of the personal text unguessable once both are erased.
  add column salt   text,
  -- The digest of the personal text after its erasure.
  add column erased bytea check (octet_length(erased) = 32),
  -- Ids are dense from here on: audit.record numbers the rows under the lock of the chain's head.
  alter column id drop identity;

-- Where each chain ends, and after which row it begins. Updated only by the functions of this schema.
create table audit.head (
  chain       text   primary key check (chain in ('request', 'change')),
  id          bigint not null,
  hash        bytea  not null check (octet_length(hash) = 32),
  -- The last row that retention deleted (at first: the last row from before the chain), and its hash.
  anchor_id   bigint not null,
  anchor_hash bytea  not null check (octet_length(anchor_hash) = 32),
  check (anchor_id <= id)
);
insert into audit.head (chain, id, hash, anchor_id, anchor_hash)
select c.chain, c.last, genesis.hash, c.last, genesis.hash
from (values ('request', (select coalesce(max(id), 0) from audit.request)), ('change', 0)) as c (chain, last)
cross join ledger.identity i
cross join lateral (select sha256(convert_to('coffer audit ' || i.id || ' ' || c.chain, 'UTF8')) as hash) genesis;

create function audit.chain_step(p_state bytea, p_previous bytea, p_content bytea) returns bytea
language plpgsql immutable parallel safe as $$ begin return sha256(coalesce(p_state, p_previous) || p_content); end $$;
-- As a window function over rows in order: the hash of each row, from the hash before the first one.
create aggregate audit.chained(p_previous bytea, p_content bytea) (sfunc = audit.chain_step, stype = bytea);

-- Replaced by one that takes salts.
drop function if exists audit.record(text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[],
  text[], text[], text[], text[]);
