/** Registers all routes of the API and their shared schemas. */
import type { App, Product } from '../app.ts';
import { batchSchemas } from '../batches.ts';
import { fraudSchemas } from '../fraud-views.ts';
import { holdSchemas } from '../hold-views.ts';
import { answerSchemas } from '../../../operations/index.ts';
import { LoginTries } from '../login-tries.ts';
import { accountSchemas } from '../account-views.ts';
import { reportSchemas } from '../report-views.ts';
import { operationSchemas } from '../operation-views.ts';
import { transferSchemas } from '../transfer-views.ts';
import { requestSchemas } from '../request-views.ts';
import { sharedSchemas } from '../schemas.ts';
import { refuseUndescribedQueries } from '../validation.ts';
import { walletSchemas } from '../wallet-views.ts';
import { webhookSchemas } from '../webhook-views.ts';
import { liveRoutes } from '../live/routes.ts';
import { approvalSchemas } from '../approval-views.ts';
import { accountLinkRoutes, accountLinkSchemas } from './account-links.ts';
import { approvalPolicyRoutes, approvalRoutes } from './approvals.ts';
import { accountRoutes } from './accounts.ts';
import { assetRoutes } from './assets.ts';
import { auditRoutes, auditSchemas } from './audit.ts';
import { batchRoutes } from './batches.ts';
import { changeRoutes, changeSchemas } from './changes.ts';
import { closingRoutes, closingSchemas } from './closings.ts';
import { deadLetterRoutes, deadLetterSchemas } from './dead-letters.ts';
import { demoLoginRoutes } from './demo-login.ts';
import { eventRoutes, eventSchemas } from './events.ts';
import { factorRoutes, factorSchemas } from './factors.ts';
import { exportRoutes, exportSchemas } from './exports.ts';
import { findRoutes } from './find.ts';
import { fraudRoutes } from './fraud.ts';
import { healthRoutes } from './health.ts';
import { holdRoutes } from './holds.ts';
import { keyRoutes, keySchemas } from './keys.ts';
import { linkPages } from './link-pages.ts';
import { metricsRoutes } from './metrics.ts';
import { myWalletRoutes } from './my-wallets.ts';
import { notificationRoutes, notificationSchemas } from './notifications.ts';
import { operationRoutes } from './operations.ts';
import { postOperationRoutes } from './post-operations.ts';
import { projectionRoutes, projectionSchemas } from './projections.ts';
import { reportRoutes } from './reports.ts';
import { requestRoutes } from './requests.ts';
import { searchRoutes, searchSchemas } from './search.ts';
import { sessionRoutes, sessionSchemas } from './sessions.ts';
import { secondFactorRoutes } from './second-factor.ts';
import { staffRoutes } from './staff.ts';
import { subjectRoutes, subjectSchemas } from './subjects.ts';
import { userRoutes, userSchemas } from './users.ts';
import { walletReadRoutes } from './wallet-reads.ts';
import { webhookDeliveryRoutes } from './webhook-deliveries.ts';
import { webhookRoutes } from './webhooks.ts';

/** The schemas that others refer to by name. */
export const namedSchemas = [
  ...sharedSchemas,
  ...answerSchemas,
  ...accountSchemas,
  ...reportSchemas,
  ...operationSchemas,
  ...transferSchemas,
  ...walletSchemas,
  ...holdSchemas,
  ...batchSchemas,
  ...closingSchemas,
  ...eventSchemas,
  ...deadLetterSchemas,
  ...projectionSchemas,
  ...userSchemas,
  ...accountLinkSchemas,
  ...sessionSchemas,
  ...factorSchemas,
  ...subjectSchemas,
  ...keySchemas,
  ...auditSchemas,
  ...changeSchemas,
  ...webhookSchemas,
  ...requestSchemas,
  ...approvalSchemas,
  ...fraudSchemas,
  ...notificationSchemas,
  ...exportSchemas,
  ...searchSchemas,
];

export function registerRoutes(app: App, product: Product): void {
  for (const schema of namedSchemas) app.addSchema(schema);
  refuseUndescribedQueries(app);
  postOperationRoutes(app, product);
  walletReadRoutes(app, product);
  myWalletRoutes(app, product);
  holdRoutes(app, product);
  demoLoginRoutes(app, product);
  const tries = new LoginTries(product.access);
  userRoutes(app, product, tries);
  secondFactorRoutes(app, product, tries);
  factorRoutes(app, product, tries);
  staffRoutes(app, product);
  subjectRoutes(app, product);
  accountLinkRoutes(app, product);
  exportRoutes(app, product);
  keyRoutes(app, product);
  operationRoutes(app, product);
  findRoutes(app, product);
  searchRoutes(app, product);
  requestRoutes(app, product);
  approvalRoutes(app, product);
  approvalPolicyRoutes(app, product);
  batchRoutes(app, product);
  eventRoutes(app, product);
  deadLetterRoutes(app, product);
  projectionRoutes(app, product);
  liveRoutes(app, product);
  assetRoutes(app, product);
  accountRoutes(app, product);
  reportRoutes(app, product);
  closingRoutes(app, product);
  webhookRoutes(app, product);
  webhookDeliveryRoutes(app, product);
  auditRoutes(app, product);
  changeRoutes(app, product);
  fraudRoutes(app, product);
  notificationRoutes(app, product);
  healthRoutes(app, product);
  metricsRoutes(app, product);
  sessionRoutes(app, product);
  linkPages(app, product);
}
