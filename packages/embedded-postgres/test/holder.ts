// A process of its own that runs the embedded PostgreSQL of the home given until it is killed; prints its address when ready.
import { startEmbedded } from '../src/index.ts';
import { silentLog } from './homes.ts';

const server = await startEmbedded({ home: process.argv[2] ?? '', log: silentLog, temporary: true });
process.stdout.write(`${server.url}\n`);
process.stdin.resume();
