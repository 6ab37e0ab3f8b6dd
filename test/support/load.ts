/** Callers that post one operation after the other and journal the answers until they are stopped. */
import type { Postable } from './books.ts';
import { postJournalled } from './history.ts';
import type { Call, History } from './history.ts';
import { randomFrom } from './seed.ts';
import { workloadOperation } from './workload.ts';

export type Load = {
  readonly history: History;
  /** Waits for all callers; throws the first failure that is not an answer. */
  stop(): Promise<void>;
};

/** `pauseMs`: the pause between two operations; after "unknown" or "not done" a caller retries with the same key. */
export function startLoad(
  writer: Postable,
  options: {
    seed: number;
    callers: number;
    name?: string;
    pauseMs?: number;
    retries?: number;
    told?: (call: Call, number: number) => void;
  },
): Load {
  const { seed, callers, name = 'load', pauseMs = 1, retries = 3 } = options;
  const history: History = [];
  let stopped = false;
  const caller = async (number: number) => {
    const random = randomFrom(seed + number);
    for (let round = 0; !stopped; round++) {
      const operation = workloadOperation(random, `${name} ${number} ${round}`);
      for (let attempt = 0; attempt <= retries; attempt++) {
        const { result } = await postJournalled(history, writer, operation, options.told);
        if (typeof result !== 'string') break;
        await pause(50);
      }
      await pause(pauseMs);
    }
  };
  const running = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  running.catch(() => undefined);
  return {
    history,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
