import { startTestServer } from './server.ts';
import { serverUrlVariable } from './database.ts';

/** Starts the one PostgreSQL of a test run; the workers inherit its address through the environment. */
export async function setup(): Promise<() => Promise<void>> {
  const server = await startTestServer();
  process.env[serverUrlVariable] = server.url;
  return () => server.stop();
}
