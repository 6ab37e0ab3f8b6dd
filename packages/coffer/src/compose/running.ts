/** What a process does, and what it says of itself once it does. */
import type { Config } from './config.ts';

export const services = ['users', 'wallets', 'api', 'worker'] as const;
export type Service = (typeof services)[number];

/** What one process does. */
export type Duties = {
  readonly services: readonly Service[];
  /** `share`: it owns its share of the books, beside its services. `none`: it hands every operation to their owners. */
  readonly books: 'share' | 'none';
};

export type RunningCoffer = {
  /** Addresses of the started services, by name. */
  readonly urls: Readonly<Record<string, string>>;
  readonly auth: Config['auth'];
  /** The address of the documentation page; null when it is off. */
  readonly documentation: string | null;
  /** Where the data is: a folder, or the database URL without its password. */
  readonly dataIn: string;
  /** A token of the demo user Alice, for trying the API; null without a demo. */
  readonly demoToken: string | null;
  /** How many worker processes serve; 1: this process does everything. */
  readonly processes: number;
  /** Of this process, in the Prometheus text format. */
  readonly metrics: () => Promise<string>;
  /** Finishes requests in progress and stops everything in reverse order, PostgreSQL last. */
  stop(): Promise<void>;
};
