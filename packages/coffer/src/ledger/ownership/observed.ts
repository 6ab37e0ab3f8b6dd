/**
 * What a process has seen of leases and of other processes, by its own monotonic clock. A counter that has not risen for `leaseMs` belongs
 * to a process that stopped: no clock of the database or of another machine is compared.
 */
import type { Attendance, LeaseRow, Peer } from './leases.ts';

/** Renewed three times in this time. */
export const leaseMs = 3_000;

type Since<T> = { readonly row: T; readonly sinceMs: number };

export class Observed {
  #leases = new Map<number, Since<LeaseRow>>();
  #peers = new Map<string, Since<Peer & { readonly beats: number }>>();

  /** `atMs`: when the rows were asked for. */
  see({ leases, peers, unreachable }: Attendance, atMs: number): void {
    const kept = [...this.#leases].filter(([book]) => unreachable.includes(book));
    this.#leases = new Map([
      ...kept,
      ...leases.map((row): [number, Since<LeaseRow>] => {
        const before = this.#leases.get(row.book);
        const isSame = before?.row.term === row.term && before.row.renewals === row.renewals && before.row.process === row.process;
        return [row.book, before && isSame ? before : { row, sinceMs: atMs }];
      }),
    ]);
    this.#peers = new Map(
      peers.map((row) => {
        const before = this.#peers.get(row.id);
        return [row.id, before?.row.beats === row.beats ? before : { row, sinceMs: atMs }];
      }),
    );
  }

  lease(book: number): LeaseRow | null {
    return this.#leases.get(book)?.row ?? null;
  }

  /** Whether anybody may take the book: it was never owned, was given back, or its owner stopped renewing. */
  isFree(book: number, nowMs: number): boolean {
    const seen = this.#leases.get(book);
    return !seen || seen.row.process === null || nowMs - seen.sinceMs >= leaseMs;
  }

  peer(id: string): Peer | null {
    return this.#peers.get(id)?.row ?? null;
  }

  /** The processes that take their share and are alive. */
  servers(nowMs: number): string[] {
    return [...this.#peers.values()]
      .filter(({ row, sinceMs }) => row.owns === 'share' && nowMs - sinceMs < leaseMs)
      .map(({ row }) => row.id);
  }
}
