-- Bounds of API keys: the key that made a key bounds its life, and a key may be limited to address ranges.
alter table identity.api_key
  -- The key that created this one; null if a person did. Revoking it revokes this one.
  add column parent text check (parent ~ '^[a-z0-9]{16}$'),
  -- Where requests may come from, in CIDR notation; null for anywhere.
  add column networks text[] check (cardinality(networks) > 0);
create index api_key_by_parent on identity.api_key (parent) where parent is not null;

-- Keys of earlier versions: a child ends with its parent from now on, too.
update identity.api_key set parent = substring(created_by from 5) where created_by ~ '^key:[a-z0-9]{16}$';
with recursive descendant as (
  select child.id, least(child.expires_at, p.expires_at) as expires_at, coalesce(child.revoked_at, p.revoked_at) as revoked_at
  from identity.api_key child join identity.api_key p on p.id = child.parent where p.parent is null
  union all
  select child.id, least(child.expires_at, d.expires_at), coalesce(child.revoked_at, d.revoked_at)
  from identity.api_key child join descendant d on d.id = child.parent
)
update identity.api_key k set expires_at = d.expires_at, revoked_at = d.revoked_at from descendant d where k.id = d.id;
