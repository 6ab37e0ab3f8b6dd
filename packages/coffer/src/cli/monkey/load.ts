/** The load: many concurrent requests. Most are correct, some are sent twice, some reuse a key for other content. */
import { newKey } from '../../../../client/src/index.ts';
import type { Coffer } from '../../../../client/src/index.ts';
import type { Random } from './random.ts';
import { send } from './requests.ts';
import type { MonkeyRequest, Entry, Kind, Outcome, Why } from './requests.ts';

/** A user who can top up and spend. */
export type Player = { readonly wallet: string; readonly token: string };

export type Load = {
  readonly coffer: Coffer;
  readonly random: Random;
  readonly requests: number;
  readonly concurrency: number;
  /** At least two; the first two are hot. */
  readonly wallets: readonly string[];
  readonly players: readonly Player[];
  readonly onProgress: (done: number) => void;
};

/** An authorised hold; it may have been captured since. */
type Hold = { readonly wallet: string; readonly holdId: string };

/** What is known while the load runs. */
type Known = Load & { readonly holds: Hold[] };

type Job = { readonly why: Why; readonly request: readonly MonkeyRequest[] };

const jobWeights = { once: 72, again: 10, 'at once': 6, 'other content': 4, 'too much': 5, race: 3 } as const satisfies Record<Why, number>;
const kindWeights = { deposit: 30, withdrawal: 18, transfer: 30, hold: 6 } as const;
const racers = 8;
const amountMax = 1_000;
const muchTooMuch = 10n ** 15n;
/** Every fifth wallet has a credit line. */
const creditLimits = [0n, 0n, 0n, 0n, 500n];

/** Sends exactly `requests` requests and returns the journal in the order of the answers. */
export async function runLoad(load: Load): Promise<Entry[]> {
  const journal: Entry[] = [];
  const sent: MonkeyRequest[] = [];
  const known: Known = { ...load, holds: [] };
  const opening = load.wallets.map((wallet, at): Job => ({ why: 'once', request: [openOf(wallet, at)] }));
  let left = load.requests;

  const nextJob = (): Job | undefined => {
    if (left <= 0) return undefined;
    const job = opening.shift() ?? chooseJob(known, sent);
    const request = job.request.slice(0, left);
    left -= request.length;
    sent.push(...request);
    return { ...job, request };
  };
  const run = async () => {
    for (let job = nextJob(); job; job = nextJob()) {
      const { why } = job;
      await Promise.all(job.request.map(async (request) => await record(request, why)));
    }
  };
  const record = async (request: MonkeyRequest, why: Why) => {
    const sentAtMs = performance.now();
    const outcome = await send(load.coffer, request);
    remember(known.holds, request, outcome);
    journal.push({ request, why, outcome, sentAtMs, durationMs: performance.now() - sentAtMs });
    load.onProgress(journal.length);
  };
  await Promise.all(Array.from({ length: load.concurrency }, run));
  return journal;
}

function remember(holds: Hold[], { kind, wallet }: MonkeyRequest, outcome: Outcome): void {
  const holdId = kind === 'hold' && outcome.status === 'completed' ? outcome.answer.holdId : undefined;
  if (holdId !== undefined) holds.push({ wallet, holdId });
}

function openOf(wallet: string, at: number): MonkeyRequest {
  return { kind: 'open', wallet, key: newKey(), amount: creditLimits[at % creditLimits.length] ?? 0n };
}

function chooseJob(load: Known, sent: readonly MonkeyRequest[]): Job {
  const { random } = load;
  const why = random.weighted(jobWeights);
  switch (why) {
    case 'once':
      return { why, request: [fresh(load)] };
    case 'again':
      return { why, request: [random.pick(sent)] };
    case 'at once': {
      const request = fresh(load);
      return { why, request: [request, request, request] };
    }
    case 'other content': {
      const before = random.pick(sent);
      return { why, request: [{ ...before, amount: before.amount + 1n }] };
    }
    case 'too much':
      return { why, request: [{ ...fresh(load, random.pick(['withdrawal', 'transfer'])), amount: muchTooMuch }] };
    case 'race': {
      const wallet = anyWallet(load);
      const amount = BigInt(amountMax);
      return { why, request: Array.from({ length: racers }, () => ({ kind: 'withdrawal' as const, wallet, key: newKey(), amount })) };
    }
  }
}

function fresh(load: Known, given?: Kind): MonkeyRequest {
  const { random, players, holds } = load;
  const [withPlayers, withHolds] = [players.length > 0 ? 1 : 0, holds.length > 0 ? 1 : 0];
  const weights = { topup: 7 * withPlayers, spend: 5 * withPlayers, capture: 7 * withHolds, release: 3 * withHolds };
  const kind = given ?? random.weighted({ ...kindWeights, ...weights });
  const about = { kind, key: newKey(), amount: BigInt(1 + random.below(amountMax)) };
  if (kind === 'topup' || kind === 'spend') return { ...about, ...random.pick(players) };
  if (kind === 'release') return { ...about, ...random.pick(holds) };
  if (kind === 'capture') {
    const hold = random.pick(holds);
    const others = load.wallets.filter((other) => other !== hold.wallet);
    // Half of the captures leave the system.
    return { ...about, ...hold, ...(random.below(2) === 0 && { to: random.pick(others) }) };
  }
  const wallet = anyWallet(load);
  if (kind !== 'transfer') return { ...about, wallet };
  return { ...about, wallet, to: random.pick(load.wallets.filter((other) => other !== wallet)) };
}

/** Half of all requests use two wallets. */
function anyWallet({ random, wallets }: Load): string {
  return random.pick(random.below(2) === 0 ? wallets.slice(0, 2) : wallets);
}
