// A process of its own that does what follows from fraud findings, until it is killed.
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { startFraudActions } from '../../packages/coffer/src/insights/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';

const [databaseUrl = ''] = process.argv.slice(2);

const url = inRole(databaseUrl, 'writer');
const ledger = await openLedger({ url, log: silentLog() });
const dollars = ledger.assets.find('USD');
assert(dollars, 'the migrations bring USD');
const pool = createPool(url, silentLog());
startFraudActions({ pool, ledger, commands: createCommands({ ledger, defaultAsset: dollars }), mailed: false, log: silentLog() });
console.log('ready');
// The loop's own timers do not keep a process alive.
setInterval(() => undefined, 60_000);
