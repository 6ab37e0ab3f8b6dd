-- Erasure of personal data: of deleted users some time after their deletion, and of the login log by age.
alter table identity.users
  -- When everything personal was removed; the row stays as a tombstone with its number and dates.
  add column erased_at timestamptz,
  add constraint users_erased check (erased_at is null or (email is null and password_hash is null));
create index users_to_erase on identity.users (coalesce(deleted_at, updated_at))
  where erased_at is null and (deleted_at is not null or status = 'rolled_back');

-- Attempts to log in with an address that no account had.
create index login_log_by_address on identity.login_log (lower(email collate "C")) where user_id is null and email is not null;

-- The text of the audit is erased by audit.erase; all else about its rows stays as it was.
create function audit.refuse_update() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' or current_setting('audit.erasing', true) is distinct from 'on' then
    raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
drop trigger immutable on audit.request;
create trigger immutable before update or truncate on audit.request for each statement execute function audit.refuse_update();
alter table audit.request enable always trigger immutable;
create index request_by_subject on audit.request (subject, id) where subject is not null;
