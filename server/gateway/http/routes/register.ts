/** All routes of the API, and the schemas that they share. */
import type { App, Product } from '../app.ts';
import { postingSchemas } from '../postings.ts';
import { sharedSchemas } from '../schemas.ts';
import { refuseUndescribedQueries } from '../validation.ts';
import { walletSchemas } from '../wallet-views.ts';
import { assetRoutes } from './assets.ts';
import { auditRoutes, auditSchemas } from './audit.ts';
import { closedLoopRoutes } from './closed-loop.ts';
import { demoLoginRoutes } from './demo-login.ts';
import { eventRoutes, eventSchemas } from './events.ts';
import { healthRoutes } from './health.ts';
import { keyRoutes, keySchemas } from './keys.ts';
import { metricsRoutes } from './metrics.ts';
import { moneyRoutes } from './money.ts';
import { openWalletRoutes, openWalletSchemas } from './open-wallets.ts';
import { operationRoutes } from './operations.ts';
import { staffRoutes } from './staff.ts';
import { userRoutes, userSchemas } from './users.ts';
import { walletReadRoutes } from './wallet-reads.ts';

export function registerRoutes(app: App, product: Product): void {
  for (const schema of [
    ...sharedSchemas,
    ...postingSchemas,
    ...walletSchemas,
    ...openWalletSchemas,
    ...eventSchemas,
    ...userSchemas,
    ...keySchemas,
    ...auditSchemas,
  ])
    app.addSchema(schema);
  refuseUndescribedQueries(app);
  moneyRoutes(app, product);
  walletReadRoutes(app, product);
  openWalletRoutes(app, product);
  demoLoginRoutes(app, product);
  closedLoopRoutes(app, product);
  userRoutes(app, product);
  staffRoutes(app, product);
  keyRoutes(app, product);
  operationRoutes(app, product);
  eventRoutes(app, product);
  assetRoutes(app, product);
  auditRoutes(app, product);
  healthRoutes(app, product);
  metricsRoutes(app, product);
}
