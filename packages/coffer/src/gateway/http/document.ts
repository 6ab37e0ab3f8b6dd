/** The OpenAPI document as a file: clients are generated from it, and changes are compared with it. */
import { silentLog } from '../../kernel/index.ts';
import type { Access, RateLimiter } from '../access/index.ts';
import type { Product } from './app.ts';
import { createHttpServer } from './server.ts';

/** Routes describe themselves at registration; nothing behind them is called. */
export async function openApiDocument(): Promise<string> {
  const access = { mode: 'open', rateLimiter: () => ({}) as RateLimiter } satisfies Partial<Access> as unknown as Access;
  const undescribed = { access, ready: () => false, demo: true, swaggerEnabled: false, log: silentLog() };
  const app = await createHttpServer(undescribed as Product);
  const document = app.swagger();
  await app.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}
