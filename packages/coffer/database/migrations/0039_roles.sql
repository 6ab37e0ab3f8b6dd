-- Separation of duties: roles of staff that have one duty each. src/identity/duties.ts has their table.
alter table identity.users drop constraint users_role_check;
alter table identity.users add constraint users_role_check
  check (role in ('user', 'support', 'treasury', 'risk', 'operator', 'admin'));
