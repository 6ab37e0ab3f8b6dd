// A separate process that rebuilds the stats in many small steps with a pause after each, so that there is time to kill it.
import { createPool } from '../../packages/coffer/src/database/index.ts';
import { statsProjection } from '../../packages/coffer/src/insights/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { rebuild } from '../../packages/coffer/src/projections/index.ts';
import { pause } from './load.ts';

const [url = ''] = process.argv.slice(2);
const log = silentLog();
const pool = createPool(url, log);
const ledger = await openLedger({ url, log });
await rebuild({
  pool,
  log,
  check: false,
  ledger: {
    books: ledger.books,
    read: Object.assign(Object.create(ledger.read) as typeof ledger.read, {
      in: ({ book }: { book: number }) => {
        const reader = ledger.read.in({ book });
        return Object.assign(Object.create(reader) as typeof reader, {
          lastSeq: () => reader.lastSeq(),
          events: async (seq: number, part: number) => {
            await pause(100);
            return await reader.events(seq, part, 20);
          },
        });
      },
    }),
  },
  projection: statsProjection,
});
