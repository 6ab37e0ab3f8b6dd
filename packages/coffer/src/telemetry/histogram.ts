/**
 * A histogram that costs an addition or two per observation. prom-client's own looks up its labels for every observation, 1 to 2
 * µs each; at 17,000 requests a second that was worth avoiding.
 */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = [...bounds, Number.POSITIVE_INFINITY].map(() => 0);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  /** Its lines in the Prometheus text format. `labels`: already formatted, such as `route="/health"`, or empty. */
  lines(name: string, labels: string): string[] {
    const more = labels === '' ? '' : `${labels},`;
    let total = 0;
    const buckets = this.#counts.map((count, at) => {
      total += count;
      return `${name}_bucket{${more}le="${this.#bounds[at] ?? '+Inf'}"} ${total}`;
    });
    const braces = labels === '' ? '' : `{${labels}}`;
    return [...buckets, `${name}_sum${braces} ${this.#sum}`, `${name}_count${braces} ${total}`];
  }
}

export function describedHistogram(name: string, help: string, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...lines, ''].join('\n');
}

/** A label value, escaped for the text format. */
export function labelText(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
