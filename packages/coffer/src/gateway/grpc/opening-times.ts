/** When wallets were opened. The time never changes, so it is read once per wallet. */
const walletsMax = 100_000;

export class OpeningTimes {
  readonly #read: (wallet: string) => Promise<Date | null>;
  readonly #known = new Map<string, string>();

  constructor(read: (wallet: string) => Promise<Date | null>) {
    this.#read = read;
  }

  /** As ISO text; undefined if it is not in memory. */
  known(wallet: string): string | undefined {
    return this.#known.get(wallet);
  }

  /** Null if there is no such wallet. */
  async read(wallet: string): Promise<string | null> {
    const openedAt = await this.#read(wallet);
    return openedAt && this.remember(wallet, openedAt);
  }

  remember(wallet: string, openedAt: Date): string {
    const text = openedAt.toISOString();
    if (this.#known.size >= walletsMax) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(wallet, text);
    return text;
  }
}
