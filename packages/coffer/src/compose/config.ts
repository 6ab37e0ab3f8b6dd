/** Collects the settings of all contexts into one table, and reads a process's configuration from it. */
import path from 'node:path';
import { approvalSettings } from '../approvals/settings.ts';
import { auditSettings } from '../audit/settings.ts';
import { cacheSettings } from '../cache/settings.ts';
import { databaseSettings } from '../database/settings.ts';
import { evidenceSettings } from '../evidence/settings.ts';
import { eventSettings } from '../events/settings.ts';
import { callerSettings, httpSettings, listenSettings, streamSettings, tlsSettings } from '../gateway/settings.ts';
import { accountSettings, identitySettings } from '../identity/settings.ts';
import { mailSettings } from '../mail/settings.ts';
import { fileVariableOf, logSettings, readGroup } from '../kernel/index.ts';
import type { Mistake, Setting, SettingGroup } from '../kernel/index.ts';
import { otherNames } from './other-names.ts';
import { ledgerSettings } from '../ledger/settings.ts';
import { metadataSettings } from '../metadata/settings.ts';
import { privacySettings } from '../privacy/settings.ts';
import { requestSettings } from '../requests/settings.ts';
import { processSettings } from './settings.ts';
import { telemetrySettings } from '../telemetry/settings.ts';
import { walletSettings } from '../wallets/settings.ts';
import { webhookSettings } from '../webhooks/settings.ts';

const groups = [
  processSettings,
  listenSettings,
  callerSettings,
  identitySettings,
  accountSettings,
  tlsSettings,
  httpSettings,
  streamSettings,
  databaseSettings,
  ledgerSettings,
  evidenceSettings,
  walletSettings,
  requestSettings,
  approvalSettings,
  mailSettings,
  webhookSettings,
  eventSettings,
  cacheSettings,
  auditSettings,
  privacySettings,
  metadataSettings,
  logSettings,
  telemetrySettings,
] as const;

type Row = Omit<Setting<unknown>, 'reads' | 'default'> & { readonly type: string };

/** All environment variables by context, for help and reference. */
export const settingTable: readonly { readonly title: string; readonly rows: readonly Row[] }[] = groups.map(({ title, rows }) => ({
  title,
  rows: (Object.values(rows) as Setting<unknown>[]).map(({ reads, default: _default, ...row }) => ({ ...row, type: reads.type })),
}));

export type Config = ReturnType<typeof collect>;

function collect(read: <R extends Readonly<Record<string, Setting<unknown>>>, C>(group: SettingGroup<R, C>) => C) {
  // In the order of the table, which is also the order of reported mistakes.
  const processes = read(processSettings);
  const listening = read(listenSettings);
  const callers = read(callerSettings);
  const identity = read(identitySettings);
  const { emailProof, signUp, publicUrl } = read(accountSettings);
  /** Open mode requires no proof. */
  const accounts = { requiresProof: emailProof && listening.auth === 'required', signUp, publicUrl };
  const tls = read(tlsSettings);
  const { logRequests, securityContact, corsOrigins, ...http } = read(httpSettings);
  const { live } = read(streamSettings);
  /** Strangers need no map of the API. */
  const swaggerEnabled = http.swaggerEnabled ?? listening.auth === 'open';
  const database = read(databaseSettings);
  const ledger = read(ledgerSettings);
  const evidence = read(evidenceSettings);
  const wallets = read(walletSettings);
  const { requestDays, payout } = read(requestSettings);
  const approvals = read(approvalSettings);
  /** External systems that Coffer uses if configured. */
  const peers = { payout, ...read(mailSettings), ...read(webhookSettings), ...read(eventSettings), ...read(cacheSettings) };
  const audit = read(auditSettings);
  const { eraseDays } = read(privacySettings);
  const metadata = read(metadataSettings);
  const { logLevel, logFiles, logFolder: folder } = read(logSettings);
  /** Null: no log files are written. */
  const logFolder = logFiles ? path.resolve(folder ?? path.join(database.home, 'logs')) : null;
  const observe = { ...audit, ...read(telemetrySettings), logFolder, logRequests };
  const parts = {
    ...processes,
    ...listening,
    ...callers,
    ...identity,
    ...tls,
    ...database,
    ...ledger,
    ...evidence,
    ...wallets,
    ...approvals,
  };
  return {
    ...parts,
    accounts,
    requestDays,
    eraseDays,
    metadata,
    swaggerEnabled,
    securityContact,
    corsOrigins,
    live,
    logLevel,
    observe,
    peers,
  };
}

type Outcome =
  | { readonly config: Config; readonly warnings: readonly string[]; readonly problems?: never }
  | { readonly config?: never; readonly warnings?: never; readonly problems: readonly string[] };

/** Reads the settings from the environment. Returns all mistakes together, each as a sentence with its remedy. */
export function readConfig(env: NodeJS.ProcessEnv): Outcome {
  const problems: string[] = [];
  const mistake: Mistake = (sentence) => void problems.push(sentence);
  const config = collect((group) => readGroup(group, env, mistake));
  return problems.length > 0 ? { problems } : { config, warnings: [...unknownVariables(env), ...otherNames(env), ...risks(env)] };
}

/** What is risky about the values, each as a sentence that names the variable and not its value. */
function risks(env: NodeJS.ProcessEnv): string[] {
  const rows = groups.flatMap(({ rows: ofGroup }) => Object.values(ofGroup) as Setting<unknown>[]);
  return rows.flatMap(({ name, reads }) => {
    const text = env[name]?.trim() ?? '';
    const risk = text === '' ? null : (reads.warn?.(text) ?? null);
    return risk === null ? [] : [`${name} ${risk}`];
  });
}

const known: ReadonlySet<string> = new Set(
  settingTable.flatMap(({ rows }) => rows.flatMap(({ name, secret }) => (secret ? [name, fileVariableOf(name)] : [name]))),
);

/** An environment without Coffer's settings, for other programs: several of them are secrets. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !known.has(name)));
}

/** Variables that clients, examples and the tests read. */
const notOurs = /^COFFER_(URL|TOKEN|TEST_\w*)$/;

function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('COFFER_') && !known.has(name) && !notOurs.test(name))
    .map((name) => `${name} is not a setting of Coffer and has no effect. See coffer start --help.`);
}
