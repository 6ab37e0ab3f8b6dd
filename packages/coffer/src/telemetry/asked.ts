/** Figures that have to be asked for: a scrape asks once for all of them, and does not wait long for an answer. */

const freshMs = 1_000;
const patienceMs = 1_000;

/** Answers what was read within the last second, else reads it; null when that fails or takes too long. */
export function asked<T>(read: () => Promise<T>): () => Promise<T | null> {
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
