/** Approvals as the gate and their readers use them: the policies in force, what waits for a second person, and its decision. */
import type pg from 'pg';
import { putWaitsRight, SteadyClock } from '../background/index.ts';
import { inRecordedChange } from '../audit/index.ts';
import { inTransaction } from '../database/index.ts';
import { personsBehind } from '../identity/index.ts';
import { newId } from '../kernel/index.ts';
import { orUnknown } from '../ledger/index.ts';
import { isSameMetadata, openedText, plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { ownersAmong } from '../operations/index.ts';
import type { ApprovalPolicy, Approvals as ApprovalPort, ApprovalState, NewApproval } from '../operations/index.ts';
import { changePolicy, selectPolicies, textOfChange } from './policy-store.ts';
import { decideApproval, expireApprovals, fileApproval, pendingWaits, selectApproval, selectApprovals } from './store.ts';
import type { ApprovalFilter, ApprovalPage, Filing } from './store.ts';
import type { Approval, ApprovalDecided, Decider, PolicyChange } from './types.ts';

/** How long a changed policy may go unnoticed, like a changed role. */
const policiesLiveMs = 1_000;
const personsMax = 10_000;

export class Approvals implements ApprovalPort {
  readonly #pool: pg.Pool;
  readonly #hours: number;
  readonly #clock: SteadyClock;
  readonly #metadata: MetadataVault;
  #policies: { readonly all: readonly ApprovalPolicy[]; readonly untilMs: number } | null = null;
  #reading: Promise<readonly ApprovalPolicy[]> | null = null;
  /** The creator of a key never changes. */
  readonly #persons = new Map<string, string | null>();

  constructor(pool: pg.Pool, hours: number, metadata: MetadataVault = plainMetadata) {
    this.#pool = pool;
    this.#hours = hours;
    this.#metadata = metadata;
    this.#clock = new SteadyClock(pool, (now) => putWaitsRight(pool, pendingWaits, now));
  }

  policies(): readonly ApprovalPolicy[] | Promise<readonly ApprovalPolicy[]> {
    const known = this.#policies;
    if (known && known.untilMs > performance.now()) return known.all;
    // Operations that arrive meanwhile share the query.
    this.#reading ??= this.readPolicies().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async readPolicies(): Promise<readonly ApprovalPolicy[]> {
    const untilMs = performance.now() + policiesLiveMs;
    const all = await selectPolicies(this.#pool);
    this.#policies = { all, untilMs };
    return all;
  }

  personOf(actor: string): string | null | Promise<string | null> {
    const known = this.#persons.get(actor);
    return known === undefined ? this.#lookUp(actor) : known;
  }

  async #lookUp(actor: string): Promise<string | null> {
    const [person = null] = await personsBehind(this.#pool, [actor]);
    if (this.#persons.size >= personsMax) this.#persons.clear();
    this.#persons.set(actor, person);
    return person;
  }

  async file(wanted: NewApproval): Promise<{ id: string; state: ApprovalState; isSame: boolean }> {
    const { approval, digest } = await this.#file(wanted);
    const isSame = digest === wanted.digest || digest === (await this.#digestAsStored(approval, wanted));
    return { id: approval.id, state: approval.state, isSame };
  }

  /** With the metadata as it was filed, if it says the same: it may have been filed before metadata was encrypted. Null if it does not. */
  async #digestAsStored({ input }: Approval, wanted: NewApproval): Promise<string | null> {
    const [stored, given] = [metadataIn(input), metadataIn(wanted.input)];
    if (stored === undefined || given === undefined || stored === given) return null;
    return (await isSameMetadata(this.#metadata, stored, given)) ? wanted.digestWith(stored) : null;
  }

  /** Changes a policy at once where none is in force; otherwise the change waits for another admin. */
  async requestChange(change: PolicyChange, actor: string): Promise<Approval | null> {
    if ((await this.readPolicies()).length === 0) {
      await this.changeNow(change, actor);
      return null;
    }
    const filing = {
      operation: change.policy ? 'setApprovalPolicy' : 'removeApprovalPolicy',
      name: null,
      digest: newId(),
      input: textOfChange(change),
      maker: actor,
      person: await this.personOf(actor),
      wallets: [],
      amount: null,
      asset: null,
      policy: change.id,
      later: false,
    };
    const filed = await orUnknown(async () => {
      const when = { now: await this.#clock.read(), hours: this.#hours };
      return await inRecordedChange(
        this.#pool,
        (client) => fileApproval(client, filing, when),
        ({ approval }) => ({ kind: 'approvals.asked', subject: approval.id, after: { operation: filing.operation, policy: change.id } }),
      );
    });
    return filed.approval;
  }

  async #file(filing: Filing): ReturnType<typeof fileApproval> {
    const when = { now: await this.#clock.read(), hours: this.#hours };
    return await orUnknown(() => fileApproval(this.#pool, filing, when));
  }

  /** Without a second person. */
  async changeNow(change: PolicyChange, actor: string): Promise<void> {
    await orUnknown(() => inTransaction(this.#pool, async (client) => await changePolicy(client, change, { actor, approver: null })));
    this.#policies = null;
  }

  async find(id: string): Promise<Approval | null> {
    return await selectApproval(this.#pool, id);
  }

  async list(filter: ApprovalFilter): Promise<ApprovalPage> {
    return await selectApprovals(this.#pool, filter);
  }

  /** As readers see it: with the metadata of its operation opened. */
  async opened(approval: Approval): Promise<Approval> {
    const metadata = metadataIn(approval.input);
    if (metadata === undefined) return approval;
    const input = JSON.parse(approval.input) as object;
    return { ...approval, input: JSON.stringify({ ...input, metadata: await openedText(this.#metadata, metadata) }) };
  }

  /**
   * By a person who is neither the maker nor the owner of a wallet in it. An approved one is carried out afterwards (runner.ts). `mayMake`:
   * whether the maker still exists and may still do it.
   */
  async approve(id: string, decider: Decider, mayMake: (approval: Approval) => Promise<boolean>): Promise<ApprovalDecided> {
    const found = await this.find(id);
    if (!found) return { refusal: 'not_found', state: null };
    if (found.state !== 'pending') return { refusal: 'not_pending', state: found.state };
    if (await this.#isInvolved(found, decider.actor)) return { refusal: 'same_person', state: found.state };
    if (!(await mayMake(found))) return { refusal: 'maker_gone', state: found.state };
    return await this.#decide(id, 'approved', decider);
  }

  async reject(id: string, decider: Decider): Promise<ApprovalDecided> {
    const found = await this.find(id);
    if (!found) return { refusal: 'not_found', state: null };
    if (await this.#isInvolved(found, decider.actor)) return { refusal: 'same_person', state: found.state };
    return await this.#decide(id, 'rejected', decider);
  }

  /** By its maker. */
  async cancel(id: string, decider: Decider): Promise<ApprovalDecided> {
    const found = await this.find(id);
    if (!found) return { refusal: 'not_found', state: null };
    if (found.maker !== decider.actor) return { refusal: 'not_yours', state: found.state };
    return await this.#decide(id, 'cancelled', decider);
  }

  async expire(): Promise<void> {
    await expireApprovals(this.#pool, await this.#clock.read());
  }

  async #isInvolved({ maker, person, wallets }: Approval, actor: string): Promise<boolean> {
    const second = await this.personOf(actor);
    return actor === maker || (second !== null && (second === person || ownersAmong(wallets).includes(second)));
  }

  async #decide(id: string, state: ApprovalState, { actor, reason }: Decider): Promise<ApprovalDecided> {
    const now = await this.#clock.read();
    const decided = await orUnknown(() =>
      inRecordedChange(
        this.#pool,
        (client) => decideApproval(client, id, { state, actor, reason: reason ?? null, now }),
        (approval) => approval && { kind: `approvals.${state}`, subject: id, before: { state: 'pending' }, after: { state, reason } },
      ),
    );
    if (decided) return { approval: decided };
    await expireApprovals(this.#pool, now);
    return { refusal: 'not_pending', state: (await this.find(id))?.state ?? null };
  }
}

function metadataIn(input: string): string | undefined {
  const { metadata } = JSON.parse(input) as { readonly metadata?: unknown };
  return typeof metadata === 'string' ? metadata : undefined;
}
