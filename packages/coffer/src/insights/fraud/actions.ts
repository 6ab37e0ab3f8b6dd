/** Actions that findings cause: freezing wallets, notifying owners. Each is done once, however often and wherever it is tried. */
import type { Commands } from '../../operations/index.ts';
import { putWaitsRight, SteadyClock } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import type pg from 'pg';
import type { Log } from '../../kernel/index.ts';
import { internalKey, isLedgerOutage } from '../../ledger/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { startWork } from '../loop.ts';
import { notifyUser } from '../notifications/store.ts';
import { findingId } from './finding-store.ts';

const everyMs = 1_000;
const atOnce = 20;
/** After this time, other workers take over the action of a dead worker. */
const leaseSeconds = 60;
const waits = { table: 'insights.fraud_action', until: 'next_try_at', since: 'waits_since', waiting: "state = 'pending'" } as const;
/** Number of failures that are not outages. */
const attemptsMax = 10;

type Action = {
  readonly id: number;
  readonly event: string;
  readonly rule: string;
  readonly wallet: string;
  readonly action: 'notify' | 'freeze';
  readonly attempts: number;
};

export type ActionParts = {
  readonly pool: pg.Pool;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly commands: Pick<Commands, 'freeze'>;
  readonly mailed: boolean;
  readonly log: Log;
};

export function startFraudActions(parts: ActionParts): Loop {
  const clock = new SteadyClock(parts.pool, (now) => putWaitsRight(parts.pool, waits, now));
  return startWork({ what: 'Actions of fraud findings', everyMs, log: parts.log, work: async () => await doActions(parts, clock) });
}

/** Does the due actions, and returns whether there may be more. */
async function doActions(parts: ActionParts, clock: SteadyClock): Promise<boolean> {
  const claimed = await claim(parts.pool, await clock.read());
  for (const action of claimed) await attempt(parts, action, clock);
  return claimed.length === atOnce;
}

async function claim(pool: pg.Pool, now: Date): Promise<Action[]> {
  const { rows } = await pool.query<Action>({
    name: 'fraud_claim_actions',
    text: `
      update insights.fraud_action set next_try_at = $3::timestamptz + $1 * interval '1 second', waits_since = $3::timestamptz
      where id in (
        select id from insights.fraud_action where state = 'pending' and next_try_at <= $3::timestamptz
        order by next_try_at limit $2 for update skip locked)
      returning id, book || '-' || seq || '-' || part as event, rule, wallet, action, attempts`,
    values: [leaseSeconds, atOnce, now],
  });
  return rows;
}

async function attempt(parts: ActionParts, action: Action, clock: SteadyClock): Promise<void> {
  try {
    await finish(parts.pool, action, 'done', await act(parts, action));
  } catch (failure) {
    if (isLedgerOutage(failure)) {
      await release(parts.pool, action, clock.now, 1);
      throw failure;
    }
    const attempts = action.attempts + 1;
    const note = failure instanceof Error ? failure.message : String(failure);
    parts.log.error({ err: failure, rule: action.rule, wallet: action.wallet, attempts }, 'The action of a fraud rule failed');
    if (attempts >= attemptsMax) await finish(parts.pool, action, 'given_up', note.slice(0, 1_000));
    else await release(parts.pool, action, clock.now, 2 ** attempts, 1);
  }
}

/** Returns a note of the outcome. */
async function act(parts: ActionParts, { action, rule, wallet, event }: Action): Promise<string> {
  const finding = findingId(event, rule);
  if (action === 'notify') {
    const owner = (await parts.ledger.read.balance(wallet))?.owner ?? null;
    if (owner === null) return 'the wallet has no owner to notify';
    const notification = { key: `user/fraud/${finding}`, kind: 'movement_flagged', wallet, facts: { event }, userId: owner } as const;
    await notifyUser(parts.pool, notification, parts.mailed);
    return 'told';
  }
  const outcome = await parts.commands.freeze({
    wallet,
    sides: 'debits',
    key: internalKey('fraud', finding),
    // The owner reads this and need not know the rule; staff find it in the actor and the finding.
    reason: 'a fraud rule flagged the wallet',
    actor: `fraud rule ${rule}`,
  });
  return outcome.status === 'posted' ? 'frozen' : `not frozen: ${outcome.refusal.code}`;
}

async function finish(pool: pg.Pool, { id }: Action, state: 'done' | 'given_up', note: string): Promise<void> {
  await pool.query(
    `update insights.fraud_action set state = $2, note = $3, attempts = attempts + 1, finished_at = clock_timestamp() where id = $1 and state = 'pending'`,
    [id, state, note],
  );
}

async function release(pool: pg.Pool, { id }: Action, now: Date, seconds: number, counted = 0): Promise<void> {
  await pool
    .query(
      `update insights.fraud_action set next_try_at = $4::timestamptz + $2 * interval '1 second', waits_since = $4::timestamptz, attempts = attempts + $3
       where id = $1 and state = 'pending'`,
      [id, seconds, counted, now],
    )
    // Then it is due again when the lease expires.
    .catch(() => undefined);
}
