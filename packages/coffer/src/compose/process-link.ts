/** What the processes of one `coffer start` tell each other, and a worker process' end of it. */
import cluster from 'node:cluster';
import type { Counter } from '../cache/index.ts';
import { mergeMetrics } from '../telemetry/index.ts';
import type { ProcessMetrics } from '../telemetry/index.ts';
import type { RunningCoffer } from './running.ts';

/** How many worker processes serve, of those that should. */
export type LiveWorkers = { readonly live: number; readonly of: number };

export type Started = Omit<RunningCoffer, 'stop' | 'metrics'>;

type Question =
  | { readonly what: 'metrics' }
  | { readonly what: 'take'; readonly key: string; readonly perWindow: number; readonly windowMs: number };

export type FromWorker =
  | { readonly kind: 'started'; readonly started: Started }
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }
  | { readonly kind: 'giveBack'; readonly key: string }
  | { readonly kind: 'metrics'; readonly id: number; readonly text: string }
  | { readonly kind: 'alive' };

export type ToWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'metricsAsked'; readonly id: number }
  | ({ readonly kind: 'live' } & LiveWorkers)
  | { readonly kind: 'aliveAsked' }
  | { readonly kind: 'stop' };

/** Tells a worker process its number, from 1; a successor has the number of the one that ended. */
export const numberVariable = 'WORKER_PROCESS_NUMBER';

/** A request waits for its limit; a scrape, for the metrics of all processes. */
const answerWithinMs = { take: 2_000, metrics: 6_000 } as const;

/** In metrics. */
export function workerName(number: number): string {
  return `worker ${number}`;
}

export class WorkerLink {
  readonly number: number;
  /** The first does what one process is enough for. */
  readonly isFirst: boolean;
  /** Resolves when the supervisor wants this process to stop. */
  readonly stopAsked: Promise<void>;
  /** Counts for all worker processes. */
  readonly counter: Counter;
  #live: LiveWorkers = { live: 0, of: 0 };
  #metrics: () => Promise<string> = () => Promise.resolve('');
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  #asked = 0;

  private constructor(number: number) {
    this.number = number;
    this.isFirst = number === 1;
    const stop = Promise.withResolvers<void>();
    this.stopAsked = stop.promise;
    process.on('message', (message: ToWorker) => this.#hear(message, stop.resolve));
    this.counter = {
      up: true,
      take: async (key, perWindow, windowMs) => {
        const waitMs = await this.#ask({ what: 'take', key, perWindow, windowMs });
        return typeof waitMs === 'number' ? waitMs : null;
      },
      giveBack: (key) => Promise.resolve(this.#tell({ kind: 'giveBack', key })),
    };
  }

  /** Null in a process that nobody supervises. */
  static open(): WorkerLink | null {
    return cluster.isWorker ? new WorkerLink(Number(process.env[numberVariable])) : null;
  }

  get live(): LiveWorkers {
    return this.#live;
  }

  /** Of all processes that answer in time; of this one, if the supervisor does not. */
  async metrics(): Promise<string> {
    const all = (await this.#ask({ what: 'metrics' })) as readonly ProcessMetrics[] | null;
    return mergeMetrics(all ?? [{ process: workerName(this.number), text: await this.#metrics() }]);
  }

  /** This process serves. */
  started({ metrics, urls, auth, documentation, dataIn, demoToken, processes }: RunningCoffer): void {
    this.#metrics = metrics;
    const started = { urls, auth, documentation, dataIn, demoToken, processes };
    this.#tell({ kind: 'started', started });
  }

  #hear(message: ToWorker, stop: () => void): void {
    if (message.kind === 'stop') stop();
    if (message.kind === 'aliveAsked') this.#tell({ kind: 'alive' });
    if (message.kind === 'live') this.#live = { live: message.live, of: message.of };
    if (message.kind === 'answer') this.#waiting.get(message.id)?.(message.answer);
    if (message.kind === 'metricsAsked')
      void this.#metrics().then(
        (text) => this.#tell({ kind: 'metrics', id: message.id, text }),
        () => undefined,
      );
  }

  /** Null: there was no answer in time. */
  async #ask(question: Question): Promise<unknown> {
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const timeout = setTimeout(() => resolve(null), answerWithinMs[question.what]);
    this.#waiting.set(id, resolve);
    this.#tell({ kind: 'question', id, question });
    const answer = await promise;
    clearTimeout(timeout);
    this.#waiting.delete(id);
    return answer;
  }

  #tell(message: FromWorker): void {
    // Once the supervisor has ended, so does this process.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }
}
