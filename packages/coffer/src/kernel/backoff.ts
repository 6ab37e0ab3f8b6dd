/** Pauses between tries, in milliseconds: each twice as long as the previous one, up to `most`. */
export type Pauses = {
  readonly first: number;
  readonly most: number;
  /** Varied by up to a half at random, so that things that failed together are not retried together. */
  readonly isSpread?: boolean;
};

/** The pause after this many earlier tries; `first` after none. */
export function pauseAfter(tries: number, { first, most, isSpread = false }: Pauses): number {
  const pause = Math.min(most, first * 2 ** Math.min(tries, 30));
  return isSpread ? pause * (0.5 + Math.random()) : pause;
}

/** The pauses of one thing that is retried until it succeeds. */
export class Backoff {
  readonly #pauses: Pauses;
  #tries = 0;

  constructor(pauses: Pauses) {
    this.#pauses = pauses;
  }

  /** True when no pause was requested since the last success. */
  get isFresh(): boolean {
    return this.#tries === 0;
  }

  nextMs(): number {
    return pauseAfter(this.#tries++, this.#pauses);
  }

  /** Call it on success. */
  reset(): void {
    this.#tries = 0;
  }
}
