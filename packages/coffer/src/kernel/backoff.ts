/** Pauses between tries, in milliseconds: each twice as long as the one before, up to `most`. */
export type Pauses = {
  readonly first: number;
  readonly most: number;
  /** A half more or less at random, so that what failed together is not tried together again. */
  readonly isSpread?: boolean;
};

/** The pause after so many earlier tries: `first` after none. */
export function pauseAfter(tries: number, { first, most, isSpread = false }: Pauses): number {
  const pause = Math.min(most, first * 2 ** Math.min(tries, 30));
  return isSpread ? pause * (0.5 + Math.random()) : pause;
}

/** The pauses of one thing that is tried until it goes well. */
export class Backoff {
  readonly #pauses: Pauses;
  #tries = 0;

  constructor(pauses: Pauses) {
    this.#pauses = pauses;
  }

  /** No pause was asked for since it last went well. */
  get isFresh(): boolean {
    return this.#tries === 0;
  }

  nextMs(): number {
    return pauseAfter(this.#tries++, this.#pauses);
  }

  /** It went well. */
  reset(): void {
    this.#tries = 0;
  }
}
