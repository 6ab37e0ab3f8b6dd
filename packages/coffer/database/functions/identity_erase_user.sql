-- Removes everything personal about a deleted or rolled back user; the row stays with its number and dates. Returns whether there was
-- anything to erase: false for a user who is not deleted.
create or replace function identity.erase_user(p_user uuid, p_addresses text[]) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update identity.users u set email = null, pending_email = null, name = 'erased', password_hash = null, erased_at = clock_timestamp()
  where u.id = p_user and u.erased_at is null and (u.deleted_at is not null or u.status = 'rolled_back');
  if not found then return false; end if;
  delete from identity.session s where s.user_id = p_user;
  delete from identity.proof p where p.user_id = p_user;
  delete from identity.mail m where m.user_id = p_user;
  -- Links that strangers asked for, to an address of the user's, while the account was in use.
  delete from identity.mail m using identity.users u
  where u.id = p_user and m.user_id is null and lower(m.address collate "C") = any (p_addresses)
    and m.created_at <= coalesce(u.deleted_at, u.updated_at);
  delete from identity.factor f where f.user_id = p_user;
  delete from identity.recovery_code c where c.user_id = p_user;
  delete from identity.challenge c where c.user_id = p_user;
  delete from identity.subject s where s.user_id = p_user;
  update identity.login_log l set email = null, client_ip = null, user_agent = null where l.user_id = p_user;
  update identity.login_log l set email = null, client_ip = null, user_agent = null
  where l.user_id is null and lower(l.email collate "C") = any (p_addresses);
  return true;
end $$;
