// A worker in a separate process that kills itself when it reaches a given point for the n-th time.
import { createPool } from '../../packages/coffer/src/database/index.ts';
import { openBuiltIn } from '../../packages/coffer/src/events/index.ts';
import type { Handler } from '../../packages/coffer/src/events/index.ts';
import { statsProjection } from '../../packages/coffer/src/insights/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Log } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { Projector } from '../../packages/coffer/src/projections/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { witness } from './projections.ts';

const [url = '', point = '', nth = '1'] = process.argv.slice(2);

let times = 0;
function reach(name: string): void {
  if (name === point && ++times === Number(nth)) process.kill(process.pid, 'SIGKILL');
}

/** Called inside the transaction that quarantines an event. */
const log: Log = Object.assign(Object.create(silentLog()) as Log, { error: () => reach('setting aside') });

/** One event in forty cannot be applied while kills go on. */
const ill = witness('ill', ({ seq }) => point !== 'none' && seq % 40 === 0);
const well = witness('well');
const projections: readonly Projection[] = [
  ill,
  {
    name: well.name,
    apply: async (client, events, generation) => {
      await well.apply(client, events, generation);
      reach('applied, not committed');
    },
    applied: () => reach('committed, the next projection not begun'),
  },
  statsProjection,
];

const pool = createPool(url, log);
const ledger = await openLedger({ url, log });
const projector = await Projector.start({ pool, ledger, log, projections });
const broker = await openBuiltIn({ url, pool, ledger, log });
const handle: Handler = async (batch) => {
  reach('delivered');
  const verdicts = await projector.handle(batch);
  reach('handled, not acknowledged');
  return verdicts;
};
await broker.consume(handle);
process.stdout.write('works\n');
setTimeout(() => process.exit(1), 300_000);
