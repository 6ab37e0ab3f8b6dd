import path from 'node:path';
import { startTestServer } from './server.ts';
import { clusterUrlVariable, forgetClusterTemplate } from './citus.ts';
import { serverUrlVariable } from './database.ts';

/** Starts the one PostgreSQL of a test run; the workers inherit its address, and a cache of compiled modules, through the environment. */
export async function setup(): Promise<() => Promise<void>> {
  // Workers, and the commands and servers that tests start: half of the time of a short command is parsing of modules.
  process.env['NODE_COMPILE_CACHE'] ??= path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled');
  const clusterUrl = process.env[clusterUrlVariable];
  if (clusterUrl !== undefined) await forgetClusterTemplate(clusterUrl);
  const server = await startTestServer();
  process.env[serverUrlVariable] = server.url;
  return () => server.stop();
}
