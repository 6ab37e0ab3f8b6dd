/** Results as a table for people and as JSON to store. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { median } from './workload.ts';

/** One measured figure: its rounds in the order in which they ran. */
export type Figure = {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly rounds: number[];
};

/** A figure compared with another of the same run. `reached` is null without a goal. */
export type Comparison = {
  readonly what: string;
  readonly ratio: number;
  readonly goal: string;
  readonly reached: boolean | null;
};

export type Report = {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly postgres: string;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly figures: readonly (Figure & { median: number })[];
  readonly comparisons: readonly Comparison[];
};

export class Figures {
  readonly #figures = new Map<string, Figure>();

  add(id: string, what: string, unit: string, value: number): void {
    const figure = this.#figures.get(id) ?? { id, what, unit, rounds: [] };
    figure.rounds.push(value);
    this.#figures.set(id, figure);
    process.stderr.write(`  ${id.padEnd(22)} ${formatValue(value)} ${unit}\n`);
  }

  median(id: string): number {
    return median(this.#figures.get(id)?.rounds ?? []);
  }

  has(id: string): boolean {
    return this.#figures.has(id);
  }

  all(): (Figure & { median: number })[] {
    return [...this.#figures.values()].map((figure) => ({
      ...figure,
      median: median(figure.rounds),
    }));
  }
}

export function machineName(): string {
  const [cpu] = os.cpus();
  return `${os.availableParallelism()} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}`;
}

export function tableOf(report: Report): string {
  const rows = report.figures.map(({ what, unit, median: middle, rounds }) => [
    what,
    `${formatValue(middle)} ${unit}`,
    `${formatValue(Math.min(...rounds))} – ${formatValue(Math.max(...rounds))}`,
  ]);
  const goals = report.comparisons.map(({ what, ratio, goal, reached }) => [
    what,
    ratio.toFixed(2),
    reached === null ? '' : `${goal} ${reached ? '✓' : '✗'}`,
  ]);
  return [
    `${report.date.slice(0, 10)}, ${report.machine}, ${report.postgres}, Node ${report.node}; medians of ${report.rounds} rounds of ${report.secondsPerRound} s`,
    '',
    markdown([['what', 'median', 'min – max'], ...rows]),
    '',
    markdown([['compared in the same run', 'ratio', 'goal'], ...goals]),
  ].join('\n');
}

export function keep(report: Report): string {
  const file = path.resolve(import.meta.dirname, 'results', `${report.date.slice(0, 19).replaceAll(':', '')}.json`);
  fs.writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

function markdown([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function formatValue(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
