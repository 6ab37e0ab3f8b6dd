// The composition root: the only file that wires things together.
import { migrate, openDatabase } from "./database/index.ts";
import { refuseTakenPorts } from "./kernel/index.ts";
import type { Config, Listener, Log } from "./kernel/index.ts";

export const services = ["users", "wallets", "api"] as const;
export type Service = (typeof services)[number];

export type RunningCoffer = {
  /** Where to reach what was started, by name. */
  urls: Record<string, string>;
  /** Finishes what is in flight and stops everything in reverse order, PostgreSQL last. */
  stop(): Promise<void>;
};

/**
 * Starts the services named (all of them together share one process) on the database, which is migrated first.
 * One service alone joins an embedded database that another process on the same home already runs.
 */
export async function startCoffer(
  config: Config,
  chosen: readonly Service[],
  log: Log,
): Promise<RunningCoffer> {
  await refuseTakenPorts(chosen.map((service) => listenerOf(config, service)));
  const everything = services.every((service) => chosen.includes(service));
  const database = await openDatabase(config, log, { whenRunning: everything ? "refuse" : "join" });
  try {
    await migrate(database.url, log);
  } catch (error) {
    await database.stop();
    throw error;
  }
  return { urls: {}, stop: () => database.stop() };
}

function listenerOf(config: Config, service: Service): Listener {
  const listeners = {
    users: { what: "the users service", setting: "USER_SERVICE_URL", address: config.userService },
    wallets: {
      what: "the wallets service",
      setting: "WALLET_SERVICE_URL",
      address: config.walletService,
    },
    api: { what: "the REST API", setting: "PORT", address: config.http },
  } satisfies Record<Service, Listener>;
  return listeners[service];
}
