/** How long to wait before trying again: each time twice as long, up to a most. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  #nextMs: number;

  constructor({ first, most }: { readonly first: number; readonly most: number }) {
    this.#firstMs = first;
    this.#mostMs = most;
    this.#nextMs = first;
  }

  /** No pause was asked for since it last went well. */
  get isFresh(): boolean {
    return this.#nextMs === this.#firstMs;
  }

  nextMs(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, this.#mostMs);
    return pauseMs;
  }

  /** It went well. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
