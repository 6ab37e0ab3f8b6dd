// A process that runs the embedded PostgreSQL of the given home until it is killed; prints its URL when ready.
import { startEmbedded } from '../src/index.ts';
import { silentLog } from './homes.ts';

const server = await startEmbedded({ home: process.argv[2] ?? '', log: silentLog, temporary: true });
process.stdout.write(`${server.url}\n`);
process.stdin.resume();
