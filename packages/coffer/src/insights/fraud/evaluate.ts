/**
 * Evaluates the rules. Pure: no clock and no database, so the same log and history give the same findings, in any portions. Times
 * are the events' own. A window of 60 seconds contains what was recorded less than 60 seconds before.
 */
import { countedMax, windowSecondsOf } from './definitions.ts';
import type { RuleAction } from './definitions.ts';
import { begins } from './history.ts';
import type { RuleHistory, RuleVersion } from './history.ts';
import type { Movement } from './movements.ts';

export type Finding = {
  readonly rule: string;
  readonly version: number;
  readonly action: RuleAction;
  /** The movement that triggered it. */
  readonly movement: Movement;
  /** Ids of the counted events; the last one triggered the rule. */
  readonly events: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
};

/** A wallet's movements beyond what all kinds together can need are trimmed. */
const keptMax = 6 * countedMax;

/** Recent movements of each wallet, oldest first. */
export class RecentMovements {
  readonly #byWallet = new Map<string, Movement[]>();

  of(wallet: string): readonly Movement[] {
    return this.#byWallet.get(wallet) ?? [];
  }

  add(movement: Movement): void {
    const earlier = this.#byWallet.get(movement.wallet);
    if (!earlier) this.#byWallet.set(movement.wallet, [movement]);
    else if (earlier.push(movement) > keptMax) this.#byWallet.set(movement.wallet, newestOfEachKind(earlier));
  }

  /** Deletes movements that are outside of all windows, and returns how many are left. */
  forgetBefore(time: number): number {
    let left = 0;
    for (const [wallet, movements] of this.#byWallet) {
      const kept = movements.filter(({ recordedAt }) => recordedAt.getTime() > time);
      if (kept.length === 0) this.#byWallet.delete(wallet);
      else this.#byWallet.set(wallet, kept);
      left += kept.length;
    }
    return left;
  }
}

function newestOfEachKind(movements: readonly Movement[]): Movement[] {
  const seen = new Map<string, number>();
  const kept = movements.toReversed().filter(({ kind }) => {
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    return count <= countedMax;
  });
  return kept.toReversed();
}

/** Movements of one book in order; `recent` has the earlier ones, and is extended by these. */
export function evaluate(history: RuleHistory, recent: RecentMovements, movements: readonly Movement[]): Finding[] {
  const findings: Finding[] = [];
  let seq = -1;
  let inForce: readonly RuleVersion[] = [];
  for (const movement of movements) {
    if (movement.seq !== seq) inForce = history.inForce(movement);
    seq = movement.seq;
    const earlier = recent.of(movement.wallet);
    for (const version of inForce) {
      const finding = findingOf(version, movement, earlier);
      if (finding) findings.push(finding);
    }
    recent.add(movement);
  }
  return findings;
}

function findingOf(version: RuleVersion, movement: Movement, earlier: readonly Movement[]): Finding | null {
  const { assets, movements } = version.definition;
  if (!movements.includes(movement.kind) || !(assets === 'all' || assets.includes(movement.asset))) return null;
  const seen = seenBy(version, movement, earlier);
  if (!seen) return null;
  const { counted, facts } = seen;
  return {
    rule: version.rule,
    version: version.version,
    action: version.action,
    movement,
    events: counted.map(({ id }) => id),
    facts: { ...facts, asset: String(movement.asset) },
  };
}

type Seen = { readonly counted: readonly Movement[]; readonly facts: Readonly<Record<string, string>> };

function seenBy(version: RuleVersion, movement: Movement, earlier: readonly Movement[]): Seen | null {
  switch (version.kind) {
    case 'amount': {
      const { threshold } = version.definition;
      if (movement.amount < BigInt(threshold)) return null;
      return { counted: [movement], facts: { amount: movement.amount.toString(), threshold } };
    }
    case 'velocity': {
      const { count, windowSeconds } = version.definition;
      const counted = countBack(version, movement, earlier, (taken) => taken >= count);
      return counted && { counted, facts: { count: String(count), windowSeconds: String(windowSeconds), withinSeconds: spanOf(counted) } };
    }
    case 'sum': {
      const { threshold, windowSeconds } = version.definition;
      const enough = BigInt(threshold);
      const counted = countBack(version, movement, earlier, (_taken, total) => total >= enough);
      if (!counted) return null;
      const total = counted.reduce((sum, { amount }) => sum + amount, 0n).toString();
      return { counted, facts: { total, threshold, windowSeconds: String(windowSeconds), withinSeconds: spanOf(counted) } };
    }
  }
}

/** Goes back in the window until the condition holds, and returns the movements taken, oldest first; null if it never does. */
function countBack(
  version: RuleVersion,
  movement: Movement,
  earlier: readonly Movement[],
  isEnough: (taken: number, total: bigint) => boolean,
): Movement[] | null {
  const after = movement.recordedAt.getTime() - windowSecondsOf(version) * 1_000;
  const from = version.countsFrom?.getTime() ?? Number.NEGATIVE_INFINITY;
  const taken = [movement];
  let total = movement.amount;
  for (let at = earlier.length - 1; !isEnough(taken.length, total); at--) {
    const candidate = earlier[at];
    const time = candidate?.recordedAt.getTime() ?? 0;
    if (!candidate || time <= after || taken.length === countedMax) return null;
    // A movement since the version began is stored, whatever the clocks say: the log's may be behind the rule's.
    if (time < from && !begins(version, candidate)) return null;
    if (!version.definition.movements.includes(candidate.kind)) continue;
    taken.push(candidate);
    total += candidate.amount;
  }
  return taken.toReversed();
}

function spanOf(counted: readonly Movement[]): string {
  const first = counted[0]?.recordedAt.getTime() ?? 0;
  return (((counted.at(-1)?.recordedAt.getTime() ?? 0) - first) / 1_000).toFixed(3);
}
