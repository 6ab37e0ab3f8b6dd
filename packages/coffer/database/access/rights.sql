-- The rights of each role. Applied after functions and views whenever a migration, a function or a view is new, so that no object keeps
-- its default rights: coffer_migrator owns everything, and the other roles may do what is granted below and nothing else.
--   coffer_migrator  owns and changes tables; only migrations run as it
--   coffer_writer    the running Coffer: reads, appends to the ledger through functions, changes what is not the ledger
--   coffer_reader    queries: `coffer sql`, `coffer verify`, reports
-- A table that is not named here is closed to both, and src/database/rights.test.ts fails until it is declared.

do $$
declare
  migrator constant regrole := 'coffer_migrator';
  -- Every schema that a migration creates. In public, only what Coffer created there.
  schemas constant text[] := array[
    'coffer_migration', 'ledger', 'identity', 'audit',
    'events', 'projections', 'insights', 'requests', 'webhooks', 'cache', 'ownership', 'approvals', 'metadata', 'find'
  ];
  in_public constant text[] := array['accounts', 'asset_types', 'wallets', 'api_audit', 'refuse_change'];
  statement text;
begin
  -- An owner needs the right to create objects where it owns them.
  if not has_database_privilege(migrator, current_database(), 'create') then
    execute format('grant create on database %I to coffer_migrator', current_database());
  end if;
  if not has_schema_privilege(migrator, 'public', 'create') then
    grant usage, create on schema public to coffer_migrator;
  end if;

  for statement in
    select format('alter schema %I owner to coffer_migrator', n.nspname)
    from pg_namespace n where n.nspname = any (schemas) and n.nspowner <> migrator
    union all
    select format('alter %s %I.%I owner to coffer_migrator',
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end, n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where (n.nspname = any (schemas) or (n.nspname = 'public' and c.relname = any (in_public)))
      and c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relowner <> migrator
      -- A sequence of a column changes its owner with its table.
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
    union all
    select format('alter routine %s owner to coffer_migrator', p.oid::regprocedure)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where (n.nspname = any (schemas) or (n.nspname = 'public' and p.proname = any (in_public))) and p.proowner <> migrator
    union all
    select format('alter type %I.%I owner to coffer_migrator', n.nspname, t.typname)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname = any (schemas) and t.typtype in ('e', 'd') and t.typowner <> migrator
  loop
    execute statement;
  end loop;

  -- Revokes all earlier grants, including PostgreSQL's defaults (everyone may call a new function).
  for statement in
    select format(kind.revoke, n.nspname)
    from pg_namespace n
    cross join (values
      ('revoke all on schema %I from public, coffer_writer, coffer_reader'),
      ('revoke all on all tables in schema %I from public, coffer_writer, coffer_reader'),
      ('revoke all on all sequences in schema %I from public, coffer_writer, coffer_reader'),
      ('revoke all on all routines in schema %I from public, coffer_writer, coffer_reader')
    ) as kind (revoke)
    where n.nspname = any (schemas)
    union all
    select format('revoke all on public.%I from public, coffer_writer, coffer_reader', c.relname)
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relname = any (in_public)
    union all
    select format('revoke all on routine %s from public, coffer_writer, coffer_reader', p.oid::regprocedure)
    from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = any (in_public)
  loop
    execute statement;
  end loop;

  for statement in
    -- Both roles read the ledger and the history of migrations; neither may change them.
    select format('grant select on all tables in schema %I to coffer_writer, coffer_reader', n.nspname)
    from pg_namespace n where n.nspname in ('ledger', 'coffer_migration')
    union all
    select format('grant usage on schema %I to coffer_writer%s', n.nspname, case when n.nspname in ('ledger', 'coffer_migration', 'audit') then ', coffer_reader' else '' end)
    from pg_namespace n where n.nspname = any (schemas)
    union all
    -- A function that runs with its caller's rights grants nothing. Only the writer may call those that run with their owner's: in the
    -- ledger open_books, post_batch, close_period, add_asset, change_asset, add_chart_account and change_chart_account, which only insert, lock_book, and move_newest, which derives from
    -- the log; in the audit record, record_change, erase, forget_before and drop_parts; in identity erase_user and forget_logins_before; in the
    -- requests forget_before; of the metadata erase_key.
    select format('grant execute on routine %s to coffer_writer%s', p.oid::regprocedure, case when p.prosecdef then '' else ', coffer_reader' end)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any (schemas)
    union all
    -- Further rights for the writer's statements. Users are never deleted.
    select format('grant %s on %s to coffer_writer', given.rights, given.name)
    from (values
      ('identity.users', 'select, insert, update'),
      ('identity.login_log', 'select, insert'),
      ('identity.session', 'select, insert, update, delete'),
      ('identity.user_change', 'select, insert'),
      ('identity.factor', 'select, insert, update, delete'),
      ('identity.recovery_code', 'select, insert, delete'),
      ('identity.challenge', 'select, insert, delete'),
      ('identity.subject', 'select, insert, delete'),
      ('identity.proof', 'select, insert, update, delete'),
      ('identity.mail', 'select, insert, update, delete'),
      ('identity.creation', 'select, insert, update'),
      ('insights.fraud_rule', 'select, insert, update'),
      ('insights.fraud_rule_version', 'select, insert'),
      ('insights.fraud_movement', 'select, insert, delete'),
      ('insights.fraud_finding', 'select, insert, delete'),
      ('insights.fraud_generation', 'select, insert, delete'),
      ('insights.fraud_mark', 'select, insert, update'),
      ('insights.fraud_action', 'select, insert, update'),
      ('insights.wallet_owner', 'select, insert'),
      ('insights.notification', 'select, insert, update, delete'),
      ('insights.mail', 'select, insert, update, delete'),
      ('identity.api_key', 'select, insert, update'),
      ('audit.request', 'select'),
      ('audit.change', 'select'),
      ('audit.head', 'select'),
      ('events.position', 'select, insert, update'),
      ('events.redelivery', 'select, insert, update, delete'),
      ('events.relay', 'select, insert, update'),
      ('events.dead_letter', 'select, insert, delete'),
      ('projections.projection', 'select, insert, update'),
      ('projections.progress', 'select, insert, update, delete'),
      ('projections.set_aside', 'select, insert, update, delete'),
      ('insights.wallet_stats', 'select, insert, update, delete'),
      ('find.operation', 'select, insert, update, delete'),
      ('find.wallet', 'select, insert, update, delete'),
      ('webhooks.endpoint', 'select, insert, update, delete'),
      ('webhooks.delivery', 'select, insert, update, delete'),
      ('webhooks.attempt', 'select, insert, delete'),
      ('requests.request', 'select, insert, update'),
      ('requests.attempt', 'select, insert'),
      ('approvals.policy', 'select, insert, update, delete'),
      ('approvals.policy_change', 'select, insert'),
      ('approvals.request', 'select, insert, update'),
      ('metadata.data_key', 'select, insert, update'),
      ('cache.seal', 'select'),
      ('ownership.secret', 'select'),
      ('ownership.process', 'select, insert, update, delete'),
      ('ownership.lease', 'select, insert, update')
    ) as given (name, rights)
    where to_regclass(given.name) is not null
    union all
    -- For checkpoints and reports: neither has personal text.
    select 'grant select on audit.head, audit.change to coffer_reader'
    union all
    -- The views for people: no addresses, passwords or logins.
    select format('grant select on public.%I to coffer_reader', c.relname)
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v' and c.relname = any (in_public)
  loop
    execute statement;
  end loop;
end $$;
