// The worker: everything that happens after a posting, put together. Wires, like main.ts.
import type { Config, Log } from './kernel/index.ts';
import type { Database } from './database/index.ts';
import type { Ledger } from './ledger/index.ts';
import type { WalletCommands } from './wallets/index.ts';

export type WorkerParts = {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  readonly ledger: Ledger;
  readonly commands: WalletCommands;
};

type Part = { stop(): Promise<unknown> };

/** Starts what works in the background. It stops in reverse order. */
export async function startWorker(parts: WorkerParts): Promise<Part> {
  const started: Part[] = await Promise.all(loopsOf(parts));
  return {
    stop: async () => {
      for (const part of started.toReversed()) await part.stop();
    },
  };
}

/** One line for each loop: what begins it. */
function loopsOf(_parts: WorkerParts): Promise<Part>[] {
  return [];
}
