// Sends webhooks in a process of its own, until it is killed.
import { createPool } from '../../server/database/index.ts';
import { createLog } from '../../server/kernel/index.ts';
import { Dispatcher } from '../../server/webhooks/index.ts';

const [url = '', leaseMs = ''] = process.argv.slice(2);

const log = createLog({ level: 'error', pretty: true });
const dispatcher = new Dispatcher({ pool: createPool(url, log), log, allowPrivate: true, timeoutMs: 1_000, leaseMs: Number(leaseMs) });
setTimeout(() => process.exit(1), 300_000);
dispatcher.wake();
