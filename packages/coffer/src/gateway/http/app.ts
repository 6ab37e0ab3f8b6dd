/** What routes receive: the framework, typed by the schemas, and the product behind it. */
import type { ChangeLog } from '../../audit/index.ts';
import type { Commands } from '../../operations/index.ts';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Static, TSchema } from 'typebox';
import type { ApprovalRunner, Approvals } from '../../approvals/index.ts';
import type { DeadLetters, LogTail } from '../../events/index.ts';
import type { ApiKeys, Factors, Proofs, Sessions, Subjects, Users } from '../../identity/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Find } from '../../find/index.ts';
import type { Insights } from '../../insights/index.ts';
import type { Assets, Chart } from '../../ledger/index.ts';
import type { Reports } from '../../reports/index.ts';
import type { Requests } from '../../requests/index.ts';
import type { Access } from '../access/index.ts';
import type { Network } from '../network/index.ts';
import type { Observation } from '../observation.ts';
import type { ProjectionStatus, SetAsides } from '../../projections/index.ts';
import type { LiveOptions } from './live/streams.ts';
import type { WalletQueries } from '../../wallets/index.ts';
import type { Webhooks } from '../../webhooks/index.ts';

/** A route's schemas type its handler. */
interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, SchemaTypes>;
export type Request = FastifyRequest;
export type Reply = FastifyReply;

export type Product = {
  readonly commands: Commands;
  readonly queries: WalletQueries;
  readonly find: Find;
  readonly assets: Assets;
  readonly chart: Chart;
  readonly reports: Reports;
  /** Code of the asset of new users' wallets. */
  readonly defaultAsset: string;
  readonly requests: Requests;
  readonly approvals: Approvals;
  readonly approvalRunner: ApprovalRunner;
  readonly users: Users;
  readonly proofs: Proofs;
  readonly sessions: Sessions;
  readonly factors: Factors;
  readonly subjects: Subjects;
  readonly apiKeys: ApiKeys;
  readonly webhooks: Webhooks;
  /** What was changed outside the ledger. */
  readonly changes: Pick<ChangeLog, 'list'>;
  /** The source of live streams. */
  readonly tail: LogTail;
  readonly live?: LiveOptions | undefined;
  readonly access: Access;
  /** Reports the progress of the event consumers. */
  readonly projections: () => Promise<readonly ProjectionStatus[]>;
  /** The events they quarantined. */
  readonly setAsides: Pick<SetAsides, 'list' | 'retry' | 'names'>;
  readonly deadLetters: DeadLetters;
  readonly insights: Insights;
  /** False until requests can be served, and while the database is unavailable. */
  ready(): boolean;
  /** Of several worker processes: how many serve, and how many should; absent in a process of its own. */
  workers?(): { readonly live: number; readonly of: number };
  /** The metrics of all processes, in the Prometheus text format; absent in a process of its own. */
  metricsOfAll?(): Promise<string>;
  /** What an operator has to fix, as sentences. They are public: no addresses, no names of callers. */
  faults?(): Promise<readonly string[]>;
  /** True in open mode on the embedded database: seeded users may log in with only their id. */
  readonly demo: boolean;
  readonly swaggerEnabled: boolean;
  /** A URL for reports of vulnerabilities. */
  readonly securityContact?: string | undefined;
  /** Trusted proxies in front, whose X-Forwarded-For names the caller's address; none if absent. */
  /** Web pages of these origins may read answers. */
  readonly corsOrigins?: readonly string[] | undefined;
  readonly trustedProxies?: readonly Network[] | undefined;
  readonly log: Log;
  /** Records each request; nothing is recorded if absent. */
  readonly observation?: Observation | undefined;
};
