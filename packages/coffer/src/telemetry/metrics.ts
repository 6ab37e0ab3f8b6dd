/** The metrics of the process, in the Prometheus text format. Counting adds to a number; text is produced only for a scrape. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { BookStatus, EntryKind, LedgerObserver, Outcome } from '../ledger/index.ts';
import { cachedRead } from './cached-read.ts';
import { describedHistogram, Histogram, labelText } from './histogram.ts';

/** The state of a pool of database connections. */
export type PoolSizes = { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number };

/** The progress of a projection of the event log. */
export type ProjectionFigures = {
  readonly name: string;
  readonly setAside: number;
  readonly books: readonly {
    readonly applied: number;
    readonly behindEntries: number;
    readonly behindSeconds: number;
    readonly aheadEntries: number;
  }[];
};

/** The state of a cache. */
export type CacheFigures = {
  readonly kind: string;
  readonly on: boolean;
  readonly hits: number;
  readonly misses: number;
};

/** Unfinished asynchronous requests in one state. */
export type RequestFigures = { readonly status: string; readonly count: number; readonly oldestSeconds: number };

type Sources = {
  readonly version: string;
  /** Sources that are read for each scrape. */
  readonly books?: () => readonly BookStatus[];
  /** Whether the database keeps what it commits; false: posting is stopped. */
  readonly isDatabaseSafe?: () => boolean;
  /** Of shipped checkpoints. `lastMs`: the last success, in milliseconds since 1970. */
  readonly shipping?: () => { readonly shipped: number; readonly failed: number; readonly lastMs: number | null };
  readonly pools?: Readonly<Record<string, PoolSizes>>;
  /** Null if nothing is read. */
  readonly cache?: () => CacheFigures | null;
  readonly audit?: () => { readonly waiting: number; readonly written: number; readonly dropped: number };
  readonly projections?: () => Promise<readonly ProjectionFigures[]>;
  readonly deadLetters?: () => Promise<number>;
  readonly requests?: () => Promise<readonly RequestFigures[]>;
};

const secondsBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const operationsBounds = [1, 2, 4, 8, 16, 32, 64, 128, 250, 500, 1_000];

/** Counts by name; the name is the labels: `deposit posted`. We define all labels, so there are few. */
type Tally = Map<string, number>;

export class Metrics {
  readonly #registry = new Registry();
  readonly #operations = new Map<EntryKind, { posted: number; replayed: number; refused: number }>();
  readonly #refusals: Tally = new Map();
  readonly #calls: Tally = new Map();
  readonly #batches: Tally = new Map();
  readonly #batchOperations = new Histogram(operationsBounds);
  readonly #commitSeconds = new Histogram(secondsBounds);
  readonly #requests = new Map<string, { readonly labels: string; readonly seconds: Histogram }>();
  #sources: Sources;

  /** The ledger's observer: pass it to `openLedger`. */
  readonly ledger: LedgerObserver = {
    batchCommitted: ({ book, operations, entries, elapsedMs }) => {
      if (entries === 0) return;
      add(this.#batches, String(book));
      this.#batchOperations.observe(operations);
      this.#commitSeconds.observe(elapsedMs / 1_000);
    },
    answered: (kind, outcome) => this.#answered(kind, outcome),
  };

  constructor(version: string) {
    this.#sources = { version };
    collectDefaultMetrics({ register: this.#registry });
    this.#describeCounters();
    this.#describeGauges();
    this.#describeFollowers();
    this.#describeAsyncRequests();
  }

  /** Adds sources to read at each scrape, once they exist. */
  watch(sources: Omit<Sources, 'version'>): void {
    this.#sources = { ...this.#sources, ...sources };
  }

  /** `route`: the registered path, never the one in the request. */
  httpAnswered(method: string, route: string, status: number, seconds: number): void {
    // Methods are known ones here: requests that match no route count as one nameless route.
    const key = `${method} ${Math.floor(status / 100)} ${route}`;
    const known = this.#requests.get(key) ?? this.#addRequests(key, method, route, status);
    known.seconds.observe(seconds);
  }

  grpcAnswered(method: string, code: string): void {
    add(this.#calls, `${method} ${code}`);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const requests = [...this.#requests.values()].flatMap(({ labels, seconds }) =>
      seconds.lines('coffer_http_request_duration_seconds', labels),
    );
    return [
      await this.#registry.metrics(),
      describedHistogram(
        'coffer_batch_operations',
        'Operations committed together',
        this.#batchOperations.lines('coffer_batch_operations', ''),
      ),
      describedHistogram(
        'coffer_batch_commit_seconds',
        'Time from sending a batch until it is on disk and answered',
        this.#commitSeconds.lines('coffer_batch_commit_seconds', ''),
      ),
      describedHistogram('coffer_http_request_duration_seconds', 'HTTP requests by route and status class', requests),
    ].join('\n');
  }

  #answered(kind: EntryKind, outcome: Outcome): void {
    let counts = this.#operations.get(kind);
    if (!counts) {
      counts = { posted: 0, replayed: 0, refused: 0 };
      this.#operations.set(kind, counts);
    }
    counts[outcome.replayed ? 'replayed' : outcome.status]++;
    if (outcome.status === 'refused') add(this.#refusals, outcome.refusal.code);
  }

  #operationTally(): Tally {
    return new Map(
      [...this.#operations].flatMap(([kind, counts]) => Object.entries(counts).map(([outcome, count]) => [`${kind} ${outcome}`, count])),
    );
  }

  #addRequests(key: string, method: string, route: string, status: number) {
    const labels = `method="${method}",route="${labelText(route)}",status="${Math.floor(status / 100)}xx"`;
    const added = { labels, seconds: new Histogram(secondsBounds) };
    this.#requests.set(key, added);
    return added;
  }

  #describeCounters(): void {
    this.#counter('coffer_operations_total', 'Operations answered', ['kind', 'outcome'], () => this.#operationTally());
    this.#counter('coffer_refusals_total', 'Operations refused, by the rule that refused them', ['code'], () => this.#refusals);
    this.#counter('coffer_batches_total', 'Batches committed', ['book'], () => this.#batches);
    this.#counter('coffer_grpc_calls_total', 'gRPC calls answered', ['method', 'code'], () => this.#calls);
    const audited = (): Tally => {
      const counts = this.#sources.audit?.();
      return new Map(
        counts
          ? [
              ['written', counts.written],
              ['dropped', counts.dropped],
            ]
          : [],
      );
    };
    const reads = (): Tally => {
      const cache = this.#sources.cache?.();
      return new Map(
        cache
          ? [
              ['hit', cache.hits],
              ['miss', cache.misses],
            ]
          : [],
      );
    };
    const shipped = (): Tally => {
      const figures = this.#sources.shipping?.();
      return new Map(
        figures
          ? [
              ['shipped', figures.shipped],
              ['failed', figures.failed],
            ]
          : [],
      );
    };
    this.#counter('coffer_checkpoints_total', 'Checkpoints shipped, and failed attempts', ['outcome'], shipped);
    this.#counter('coffer_cache_reads_total', 'Newest pages of histories, read from the cache or from the database', ['outcome'], reads);
    this.#counter('coffer_audit_rows_total', 'Rows of the API audit, written or dropped', ['outcome'], audited);
  }

  #describeGauges(): void {
    const books = () => this.#sources.books?.() ?? [];
    this.#gauge('coffer_book_ready', 'Whether postings to the book can be answered', ['book'], () =>
      books().map(({ book, ready }) => [[String(book)], ready ? 1 : 0]),
    );
    this.#gauge('coffer_book_owned', 'Whether this process owns the book', ['book'], () =>
      books().map(({ book, isOwned }) => [[String(book)], isOwned ? 1 : 0]),
    );
    this.#gauge('coffer_book_term', 'How many owners the book has had: it rises with each hand-over', ['book'], () =>
      books().map(({ book, term }) => [[String(book)], term]),
    );
    this.#gauge('coffer_queue_operations', 'Operations waiting for a batch', ['book'], () =>
      books().map(({ book, queueOperations }) => [[String(book)], queueOperations]),
    );
    this.#gauge(
      'coffer_book_ahead_seconds',
      "By how much the newest entry is later than the database's clock; 0 when it is not",
      ['book'],
      () => books().map(({ book, aheadMs }) => [[String(book)], aheadMs / 1_000]),
    );
    this.#gauge('coffer_database_clock_silent_seconds', 'Time since the database last answered the ledger', ['book'], () =>
      books().map(({ book, clockSilentMs }) => [[String(book)], clockSilentMs / 1_000]),
    );
    this.#gauge('coffer_database_safe', 'Whether the database keeps what it commits; at 0, nothing is posted', [], () => {
      const isSafe = this.#sources.isDatabaseSafe?.();
      return isSafe === undefined ? [] : [[[], isSafe ? 1 : 0]];
    });
    this.#gauge('coffer_checkpoint_shipped_timestamp_seconds', 'When checkpoints were last shipped', [], () => {
      const lastMs = this.#sources.shipping?.().lastMs ?? null;
      return lastMs === null ? [] : [[[], lastMs / 1_000]];
    });
    this.#gauge('coffer_cache_on', 'Whether reads may come from the cache', ['kind'], () => {
      const cache = this.#sources.cache?.();
      return cache ? [[[cache.kind], cache.on ? 1 : 0]] : [];
    });
    this.#gauge('coffer_audit_queue_rows', 'Audit rows waiting to be written', [], () => {
      const counts = this.#sources.audit?.();
      return counts ? [[[], counts.waiting]] : [];
    });
    this.#gauge('coffer_pool_connections', 'Database connections by state, and requests waiting for one', ['pool', 'state'], () =>
      Object.entries(this.#sources.pools ?? {}).flatMap(([pool, { totalCount, idleCount, waitingCount }]) => [
        [[pool, 'total'], totalCount],
        [[pool, 'idle'], idleCount],
        [[pool, 'waiting'], waitingCount],
      ]),
    );
    this.#gauge('coffer_build_info', 'Version of Coffer and of Node', ['version', 'node'], () => [
      [[this.#sources.version, process.version], 1],
    ]);
  }

  /** Event consumers. Without an answer of the database these metrics are absent; the others are not affected. */
  #describeFollowers(): void {
    const projections = cachedRead(async () => (await this.#sources.projections?.()) ?? []);
    const each = (figure: (projection: ProjectionFigures) => number) => async () =>
      ((await projections()) ?? []).map((projection): [string[], number] => [[projection.name], figure(projection)]);
    const sum = (name: 'applied' | 'behindEntries' | 'aheadEntries') =>
      each(({ books }) => books.reduce((total, book) => total + book[name], 0));
    this.#gauge('coffer_projection_events', 'Events applied to a projection', ['projection'], sum('applied'));
    this.#gauge('coffer_projection_lag_entries', 'Log entries that a projection has not applied yet', ['projection'], sum('behindEntries'));
    this.#gauge(
      'coffer_projection_ahead_entries',
      'Entries by which a projection is beyond the end of the log, which must be 0: otherwise it applies nothing until it is rebuilt',
      ['projection'],
      sum('aheadEntries'),
    );
    this.#gauge(
      'coffer_projection_lag_seconds',
      'Age of the oldest event that a projection has not applied yet',
      ['projection'],
      each(({ books }) => Math.max(0, ...books.map(({ behindSeconds }) => behindSeconds))),
    );
    this.#gauge(
      'coffer_projection_set_aside_events',
      'Quarantined events of a projection',
      ['projection'],
      each(({ setAside }) => setAside),
    );
    const deadLetters = cachedRead(async () => (await this.#sources.deadLetters?.()) ?? null);
    this.#gauge('coffer_dead_letters', 'Dead letters waiting for an operator', [], async () => {
      const count = await deadLetters();
      return count === null ? [] : [[[], count]];
    });
  }

  #describeAsyncRequests(): void {
    const requests = cachedRead(async () => (await this.#sources.requests?.()) ?? []);
    const each = (figure: 'count' | 'oldestSeconds') => async () =>
      ((await requests()) ?? []).map((of): [string[], number] => [[of.status], of[figure]]);
    this.#gauge('coffer_requests_open', 'Unfinished asynchronous requests', ['status'], each('count'));
    this.#gauge(
      'coffer_requests_oldest_seconds',
      'Age of the oldest asynchronous request in a state; 0 if there is none',
      ['status'],
      each('oldestSeconds'),
    );
  }

  #counter(name: string, help: string, labelNames: string[], tally: () => Tally): void {
    const metric = new Counter({
      name,
      help,
      labelNames,
      registers: [],
      collect() {
        this.reset();
        for (const [key, count] of tally()) this.labels(...key.split(' ')).inc(count);
      },
    });
    this.#registry.registerMetric(metric);
  }

  #gauge(name: string, help: string, labelNames: string[], read: () => [string[], number][] | Promise<[string[], number][]>): void {
    const metric = new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      async collect() {
        const values = await read();
        this.reset();
        for (const [labels, value] of values) this.labels(...labels).set(value);
      },
    });
    this.#registry.registerMetric(metric);
  }
}

function add(tally: Tally, key: string): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}
