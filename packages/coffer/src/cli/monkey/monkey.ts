/** One run: generate load, settle unknown outcomes, then read everything back and check it. */
import { Coffer, CofferRefused, newKey } from '../../../../client/src/index.ts';
import { check } from './checks.ts';
import { gather } from './gather.ts';
import { runLoad } from './load.ts';
import type { Player } from './load.ts';
import { randomFrom } from './random.ts';
import { reportOf } from './report.ts';
import type { Report } from './report.ts';
import { points, send } from './requests.ts';
import type { Entry } from './requests.ts';

export type MonkeyOptions = {
  readonly url: string;
  readonly requests: number;
  readonly concurrency: number;
  readonly wallets: number;
  readonly seed: number;
  readonly token?: string | undefined;
  readonly onProgress?: (stage: string, done: number, of: number) => void;
};

const playersWanted = 2;

export async function runMonkey({ url, requests, concurrency, wallets, seed, token, onProgress }: MonkeyOptions): Promise<Report> {
  const coffer = new Coffer({ url, ...(token !== undefined && { token }) });
  // A new name for each run: the server may have been used before, and the seed determines only the requests.
  const run = newKey().slice(0, 13);
  const names = Array.from({ length: wallets }, (_, at) => `monkey-${run}-${at + 1}`);
  const { players, entries, withoutPlayers } = await findPlayers(coffer, run);

  const startedMs = performance.now();
  const journal = await runLoad({
    coffer,
    random: randomFrom(seed),
    requests,
    concurrency,
    wallets: names,
    players,
    onProgress: (done) => onProgress?.('requests', done, requests),
  });
  const durationMs = performance.now() - startedMs;
  const settled = await settle(coffer, journal);
  onProgress?.('checking', 0, 1);
  const snapshot = await gather({
    coffer,
    concurrency,
    journal: [...entries, ...journal, ...settled],
    wallets: [...names, ...players.map(({ wallet }) => wallet)],
    tokens: new Map(players.map(({ wallet, token }) => [wallet, token])),
  });
  onProgress?.('checking', 1, 1);
  return reportOf({
    run,
    url,
    seed,
    concurrency,
    durationMs,
    journal,
    settled,
    withoutPlayers,
    withoutWorker: snapshot.worker.without,
    checks: check(snapshot),
  });
}

type Players = { readonly players: readonly Player[]; readonly entries: readonly Entry[]; readonly withoutPlayers: string | null };

/** New users, who top up from the treasury and spend; none if sign-up is not allowed or the treasury is empty. */
async function findPlayers(coffer: Coffer, run: string): Promise<Players> {
  const players: Player[] = [];
  const entries: Entry[] = [];
  try {
    for (let number = 1; number <= playersWanted; number++) {
      const password = newKey();
      const email = `monkey-${run}-${number}@example.com`;
      await coffer.signUp({ email, name: `Monkey ${run} ${number}`, password });
      const { token } = await coffer.logIn({ email, password });
      const first = { kind: 'topup', key: newKey(), amount: 1n, token } as const;
      const { replayed, ...answer } = await coffer.topUp({ amount: first.amount, asset_type_id: points, key: first.key }, { token });
      players.push({ wallet: answer.walletId, token });
      entries.push({
        request: { ...first, wallet: answer.walletId },
        why: 'once',
        outcome: { status: 'completed', answer, replayed },
        sentAtMs: performance.now(),
        durationMs: 0,
      });
    }
    return { players, entries, withoutPlayers: null };
  } catch (failure) {
    if (!(failure instanceof CofferRefused)) throw failure;
    return { players, entries, withoutPlayers: failure.message };
  }
}

/** Retries requests with an unknown outcome under the same key. */
async function settle(coffer: Coffer, journal: readonly Entry[]): Promise<Entry[]> {
  const settled: Entry[] = [];
  for (const { request, outcome } of journal) {
    if (outcome.status !== 'unknown' && outcome.status !== 'done') continue;
    settled.push({ request, why: 'again', sentAtMs: performance.now(), outcome: await send(coffer, request), durationMs: 0 });
  }
  return settled;
}
