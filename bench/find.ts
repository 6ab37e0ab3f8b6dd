/** (k) Finding: each filter on many operations, and what the projection costs an operation. */
import { Find, findProjection } from '../packages/coffer/src/find/index.ts';
import type { OperationFilter } from '../packages/coffer/src/find/index.ts';
import { createPool, inRole } from '../packages/coffer/src/database/index.ts';
import { newId, silentLog } from '../packages/coffer/src/kernel/index.ts';
import type { Ledger } from '../packages/coffer/src/ledger/index.ts';
import { rebuild } from '../packages/coffer/src/projections/index.ts';
import { openFundedLedger } from './posting.ts';
import type { Figures } from './report.ts';
import { verifyDatabase } from './verified.ts';
import { walletCount, walletName } from './workload.ts';

const samples = 200;
const inFlight = 250;
const campaign = 'spring';

export async function findFigures(url: string, operations: number, figures: Figures): Promise<void> {
  // A busy machine may keep a posting waiting.
  const ledger = await openFundedLedger(url, { patienceMs: 120_000 });
  const pool = createPool(inRole(url, 'writer'), silentLog());
  const find = new Find({ url: inRole(url, 'writer'), log: silentLog(), ledger });
  try {
    await post(ledger, operations);
    const before = await walBytes(pool);
    const built = await rebuild({ pool, ledger, log: silentLog(), projection: findProjection, check: false });
    figures.add('find-rate', '(k) operations made searchable', 'operations/s', (operations * 1_000) / built.durationMs);
    figures.add('find-wal', '(k) WAL of the search, an operation', 'bytes', ((await walBytes(pool)) - before) / operations);
    await pool.query('analyze find.operation');
    for (const [name, filterOf] of filters(operations)) {
      const ms: number[] = [];
      for (let sample = 0; sample < samples; sample++) {
        const filter = filterOf();
        const startedMs = performance.now();
        await find.operations(filter, {}, { limit: 50 });
        ms.push(performance.now() - startedMs);
      }
      ms.sort((one, other) => one - other);
      figures.add(`find-p50-${name}`, `(k) operations by ${name}, p50`, 'ms', ms[Math.floor(samples * 0.5)] ?? 0);
      figures.add(`find-p99-${name}`, `(k) operations by ${name}, p99`, 'ms', ms[Math.floor(samples * 0.99)] ?? 0);
    }
  } finally {
    await find.stop();
    await pool.end();
    await ledger.stop();
  }
  await verifyDatabase(url);
}

const any = (count: number) => Math.floor(Math.random() * count);

/** An order each, a channel of three, and a campaign that ended long ago. */
async function post(ledger: Ledger, operations: number): Promise<void> {
  let posted = 0;
  const worker = async () => {
    for (let order = posted++; order < operations; order = posted++) {
      const from = any(walletCount);
      const note = { orderId: order, channel: ['web', 'app', 'shop'][order % 3], ...(order < operations / 10 && { campaign }) };
      const common = { key: newId(), amount: BigInt(1 + any(100_000)), metadata: JSON.stringify(note) };
      const debit = { wallet: walletName(from) };
      // One in a thousand is a deposit, one in ten thousand of an amount that nobody has.
      if (order % 1_000 === 0) await ledger.post({ ...common, kind: 'deposit', debit: { system: 'cash_in' }, credit: debit });
      else if (order % 10_000 === 1)
        await ledger.post({
          ...common,
          kind: 'transfer',
          debit,
          credit: { wallet: walletName((from + 1) % walletCount) },
          amount: 10n ** 20n,
        });
      else await ledger.post({ ...common, kind: 'transfer', debit, credit: { wallet: walletName((from + 1) % walletCount) } });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

function filters(operations: number): [string, () => OperationFilter][] {
  const wallet = () => walletName(any(walletCount));
  return [
    ['nothing', () => ({})],
    ['kind, frequent', () => ({ type: 'transfer' })],
    ['kind, rare', () => ({ type: 'deposit' })],
    ['kind, absent', () => ({ type: 'freeze' })],
    ['wallet', () => ({ wallet: wallet() })],
    ['counterparty', () => ({ counterparty: wallet() })],
    ['account', () => ({ account: 'cash_in' })],
    ['owner', () => ({ owner: newId() })],
    ['amount', () => ({ amountMin: BigInt(any(100_000)), amountMax: undefined })],
    ['exact amount', () => exactly(BigInt(1 + any(100_000)))],
    ['narrow amounts', () => ({ amountMin: 1_234n, amountMax: 1_240n })],
    ['refusal', () => ({ refusal: 'insufficient_funds' })],
    ['status', () => ({ status: 'completed' })],
    ['property, unique', () => ({ properties: [`orderId=${any(operations)}`] })],
    ['property, frequent', () => ({ properties: ['channel=web'] })],
    ['property, long ago', () => ({ properties: [`campaign=${campaign}`] })],
    ['text', () => ({ words: [String(any(operations))] })],
    ['wallet and kind', () => ({ wallet: wallet(), type: 'deposit' })],
    ['wallet and property', () => ({ wallet: wallet(), properties: ['channel=app'] })],
    ['key, absent', () => ({ key: newId() })],
  ];
}

function exactly(amount: bigint): OperationFilter {
  return { amountMin: amount, amountMax: amount };
}

async function walBytes(pool: ReturnType<typeof createPool>): Promise<number> {
  const { rows } = await pool.query<{ bytes: bigint }>(`select pg_current_wal_lsn() - '0/0' as bytes`);
  return Number(rows[0]?.bytes ?? 0);
}
