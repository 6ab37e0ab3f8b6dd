/** Metrics that need a query: one query serves all scrapes within a second, and a scrape does not wait long for it. */

const freshMs = 1_000;
const patienceMs = 1_000;

/** Returns the value read within the last second, otherwise reads it; null if that fails or takes too long. */
export function cachedRead<T>(read: () => Promise<T>): () => Promise<T | null> {
  let readAtMs = -Infinity;
  let reading: Promise<T | null> = Promise.resolve(null);
  return () => {
    if (performance.now() - readAtMs > freshMs) {
      readAtMs = performance.now();
      reading = Promise.race([read().catch(() => null), late()]);
    }
    return reading;
  };
}

async function late(): Promise<null> {
  return await new Promise((resolve) => void setTimeout(resolve, patienceMs, null).unref());
}
