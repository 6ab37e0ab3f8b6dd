// A PostgreSQL that stops keeping what it commits, while Coffer runs: posting stops until it is mended.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchSafety } from '../../packages/coffer/src/compose/safety.ts';
import type { SafetyWatch } from '../../packages/coffer/src/compose/safety.ts';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { createLog, newId, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startOperatorsPostgres } from '../support/operators-postgres.ts';
import type { OperatorsPostgres } from '../support/operators-postgres.ts';

let server: OperatorsPostgres;
let database: TestDatabase;
let safety: SafetyWatch;
let ledger: Ledger;
const lines: string[] = [];

beforeAll(async () => {
  server = await startOperatorsPostgres();
  database = await createTestDatabase(server.url);
  const url = inRole(database.url, 'writer');
  const log = createLog({ level: 'error', pretty: false, destination: { write: (line) => void lines.push(line) } });
  safety = watchSafety({ url }, log, 50);
  ledger = await openLedger({ url, log: silentLog(), mayPost: () => safety.fault === null });
});
afterAll(async () => {
  await ledger.stop();
  await safety.stop();
  await database.drop();
  await server.stop();
});

async function deposit(): Promise<string> {
  const credit = { wallet: 'w1', opens: { owner: null, asset: 1, floor: 0n } };
  const posting = ledger.post({ kind: 'deposit', key: newId(), debit: { system: 'cash_in' }, credit, amount: 5n });
  return await posting.then(
    ({ status }) => status,
    (failure: { name: string; outcome?: string }) => `${failure.name} ${failure.outcome}`,
  );
}

const system = (setting: string, value: string) => [
  `alter system ${value === 'default' ? `reset ${setting}` : `set ${setting} = ${value}`}`,
  'select pg_reload_conf()',
];
// The superuser of the server, as whom the test connects.
const role = (change: string) => [`alter role coffer ${change}`];

test.each([
  ['fsync', system('fsync', 'off'), system('fsync', 'default')],
  ['full_page_writes', system('full_page_writes', 'off'), system('full_page_writes', 'default')],
  ['synchronous_commit', system('synchronous_commit', 'off'), system('synchronous_commit', 'default')],
  ['synchronous_commit', role('set synchronous_commit = off'), role('reset synchronous_commit')],
])('%s = off stops posting, and is named with its remedy', async (setting, spoil, mend) => {
  lines.length = 0;
  expect([await deposit(), ledger.ready]).toEqual(['posted', true]);
  for (const statement of spoil) await database.pool.query(statement);
  await expect.poll(() => safety.fault).toMatch(new RegExp(`${setting} = off.*Run: alter`));
  expect([await deposit(), ledger.ready]).toEqual(['LedgerUnavailable not_done', false]);
  expect(lines.filter((line) => line.includes('Posting stops'))).toHaveLength(1);
  for (const statement of mend) await database.pool.query(statement);
  await expect.poll(() => safety.fault).toBeNull();
  expect([await deposit(), ledger.ready]).toEqual(['posted', true]);
});

test('a synchronous standby that is away shows while nothing is posted, and while a posting waits for it', async () => {
  const spoil = system('synchronous_standby_names', "'away'");
  const mend = system('synchronous_standby_names', 'default');
  const isReady = (wanted: boolean) => expect.poll(() => ledger.ready, { timeout: 60_000 }).toBe(wanted);
  for (const statement of spoil) await database.pool.query(statement);
  await isReady(false);
  for (const statement of mend) await database.pool.query(statement);
  await isReady(true);

  for (const statement of spoil) await database.pool.query(statement);
  const waiting = deposit();
  await isReady(false);
  for (const statement of mend) await database.pool.query(statement);
  await isReady(true);
  expect(['posted', 'LedgerUnavailable unknown']).toContain(await waiting);
  expect(await deposit()).toBe('posted');
});
