// A process of its own that runs the embedded PostgreSQL of the home given, until it is killed; says its address when ready.
import { startEmbedded } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';

const server = await startEmbedded({
  home: process.argv[2] ?? '',
  log: silentLog(),
  temporary: true,
});
process.stdout.write(`${server.url}\n`);
process.stdin.resume();
