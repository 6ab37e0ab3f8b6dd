-- How requests end. What is held for a payout does not expire by itself any more: only the request's own end gives it back, because what
-- was paid must not be. A payer whose last answer nobody knows leaves a request `uncertain`, until it answers or an operator decides.
alter table requests.request rename column hold_expires_at to times_out_at;
-- Whether the payer may have been asked. Set before the first call begins; taken back only when that one is known to have reached nobody.
alter table requests.request add column asked boolean not null default false;
update requests.request set asked = true
where finished_at is null and way = 'webhook' and (status = 'awaiting_approval' or status = 'paying' and remark is null);

alter table requests.request drop constraint request_status_check;
alter table requests.request add constraint request_status_check check (status in (
  'accepted', 'processing', 'held', 'in_review', 'awaiting_approval', 'paying', 'uncertain', 'capturing', 'releasing', 'completed', 'released',
  'failed'
));

-- What is counted for the figures, and what goes by its age.
create index request_waiting on requests.request (status, created_at) where finished_at is null;
create index request_finished on requests.request (finished_at) where finished_at is not null;

-- Lines are never changed. They leave with their request, by requests.forget_before and by nothing else.
create function requests.refuse_deletion() returns trigger language plpgsql as $$
begin
  if current_setting('requests.forgetting', true) is distinct from 'on' then
    raise exception '% is append-only: rows leave it with their request, through requests.forget_before', tg_table_name
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
drop trigger immutable on requests.attempt;
create trigger immutable before update or truncate on requests.attempt for each statement execute function refuse_change();
create trigger kept before delete on requests.attempt for each statement execute function requests.refuse_deletion();
alter table requests.attempt enable always trigger immutable;
alter table requests.attempt enable always trigger kept;
