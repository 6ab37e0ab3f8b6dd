// A separate process that acts on fraud findings. It kills itself at its n-th freeze: when the freeze is sent, or when it is answered.
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import type { Commands } from '../../packages/coffer/src/operations/index.ts';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { startFraudActions } from '../../packages/coffer/src/insights/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';

const [databaseUrl = '', nth = '', moment = ''] = process.argv.slice(2);

const url = inRole(databaseUrl, 'writer');
const ledger = await openLedger({ url, log: silentLog() });
const dollars = ledger.assets.find('USD');
assert(dollars, 'the migrations bring USD');
const pool = createPool(url, silentLog());
const wallets = createCommands({ ledger, defaultAsset: dollars });
const die = () => process.kill(process.pid, 'SIGKILL');
let freezes = 0;
const commands: Pick<Commands, 'freeze'> = {
  freeze: async (asked) => {
    const isLast = ++freezes === Number(nth);
    const answer = wallets.freeze(asked);
    // Sent and unanswered: committed or not, depending on the race.
    if (isLast && moment === 'sent') setImmediate(die);
    const outcome = await answer;
    if (isLast) die();
    return outcome;
  },
};
startFraudActions({ pool, ledger, commands, mailed: false, log: silentLog() });
// The timers of the loop do not keep the process alive.
setInterval(() => undefined, 60_000);
