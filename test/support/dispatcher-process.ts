// Sends webhooks in a separate process until it is killed.
import { createPool } from '../../packages/coffer/src/database/index.ts';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import { Dispatcher } from '../../packages/coffer/src/webhooks/index.ts';

const [url = '', leaseMs = '', timeoutMs = '1000'] = process.argv.slice(2);

const log = createLog({ level: 'error', pretty: true });
const limits = { timeoutMs: Number(timeoutMs), leaseMs: Number(leaseMs) };
const pool = createPool(url, log, { applicationName: 'sends until killed' });
const dispatcher = new Dispatcher({ pool, log, allowPrivate: true, ...limits });
setTimeout(() => process.exit(1), 300_000);
dispatcher.wake();
