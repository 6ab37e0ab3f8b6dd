/** Carries out what was approved: under the maker's key, as the maker would have, with both names. Repeating it has no second effect. */
import type pg from 'pg';
import { startLoop } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import { inTransaction, isOutage } from '../database/index.ts';
import { assert } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { isLedgerOutage, operationId } from '../ledger/index.ts';
import { definitions, requestOfText } from '../operations/index.ts';
import type { Commands, Definition, Terms } from '../operations/index.ts';
import type { Approvals } from './approvals.ts';
import { isPolicyChange, mayMake } from './makers.ts';
import type { IsAllowed } from './makers.ts';
import { changeOfText, changePolicy } from './policy-store.ts';
import { settleApproval, unfinishedApprovals } from './store.ts';
import type { Approval, ApprovalDecided, ApprovalFailure, Decider } from './types.ts';

/** What an approved asynchronous operation became. */
export type AcceptedLater = { readonly result: string } | { readonly failure: ApprovalFailure };

export type RunnerParts = {
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly approvals: Approvals;
  readonly commands: Pick<Commands, 'run'>;
  readonly isAllowed: IsAllowed;
  /** Accepts an asynchronous operation. */
  readonly accept: (definition: Definition, request: Terms) => Promise<AcceptedLater>;
};

const byName: ReadonlyMap<string, Definition> = new Map(definitions.map((definition) => [definition.name, definition]));
/** A process that approves also carries out, mostly within this time. */
const graceMs = 3_000;
const atOnce = 50;

export class ApprovalRunner {
  readonly #parts: RunnerParts;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Approves it, and carries it out. The answer is `approved` while that takes longer. */
  async approve(id: string, decider: Decider): Promise<ApprovalDecided> {
    const decided = await this.#parts.approvals.approve(
      id,
      decider,
      async (approval) => await mayMake(this.#parts.pool, approval, this.#parts.isAllowed),
    );
    if ('refusal' in decided) return decided;
    await this.#carryOut(decided.approval);
    return { approval: (await this.#parts.approvals.find(id)) ?? decided.approval };
  }

  /** Finishes what a process that died, or an outage, left approved; expires what waited too long. */
  start(everyMs = 1_000): Loop {
    const { pool, log, approvals } = this.#parts;
    return startLoop({
      work: async () => {
        await approvals.expire();
        for (const approval of await unfinishedApprovals(pool, graceMs, atOnce)) await this.#carryOut(approval);
      },
      everyMs,
      failed: (failure, isFirst) => {
        if (!isOutage(failure)) log.error({ err: failure }, 'Carrying out approved operations failed; it is retried');
        else if (isFirst) log.warn({ reason: (failure as Error).message }, 'Approvals wait: the database is unavailable');
      },
    });
  }

  /** An outage leaves it approved: its outcome is unknown until the loop repeats it. */
  async #carryOut(approval: Approval): Promise<void> {
    try {
      if (isPolicyChange(approval.operation)) await this.#change(approval);
      else await settleApproval(this.#parts.pool, approval.id, await this.#perform(approval));
    } catch (failure) {
      if (!isLedgerOutage(failure) && !isOutage(failure)) throw failure;
      this.#parts.log.warn({ approval: approval.id }, 'An approved operation waits: the ledger is unavailable');
    }
  }

  async #perform({
    operation,
    input,
    maker,
    decidedBy,
    later,
  }: Approval): Promise<{ result: string | null; failure: ApprovalFailure | null }> {
    const definition = byName.get(operation);
    assert(definition, `${operation} is an operation of the table`);
    const request: Terms = { ...requestOfText(input), actor: maker, approver: decidedBy ?? undefined };
    if (later) {
      const accepted = await this.#parts.accept(definition, request);
      return 'result' in accepted ? { ...accepted, failure: null } : { ...accepted, result: null };
    }
    const outcome = await this.#parts.commands.run(definition, request);
    const result = outcome.entry && operationId(outcome.entry);
    return { result, failure: outcome.status === 'refused' ? outcome.refusal : null };
  }

  /** The change and its end are one transaction, so that it is made once. */
  async #change({ id, input, maker, decidedBy }: Approval): Promise<void> {
    await inTransaction(this.#parts.pool, async (client) => {
      const { rows } = await client.query(`select from approvals.request where id = $1 and state = 'approved' for update`, [id]);
      if (rows.length === 0) return;
      await changePolicy(client, changeOfText(input), { actor: maker, approver: decidedBy });
      await settleApproval(client, id, { result: null, failure: null });
    });
  }
}
