/** Metrics of several processes as one text, for one scrape. Pure. */

/** What a process reports, in the Prometheus text format. */
export type ProcessMetrics = { readonly process: string; readonly text: string };

/** Each sample gets the label `process`; each metric is described once, before the samples of all processes. */
export function mergeMetrics(reports: readonly ProcessMetrics[]): string {
  const families = new Map<string, { readonly about: Set<string>; readonly samples: string[] }>();
  for (const { process, text } of reports) {
    let current = '';
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const described = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (described !== undefined) current = described;
      const family = families.get(current) ?? { about: new Set(), samples: [] };
      families.set(current, family);
      if (described === undefined) family.samples.push(labelled(line, process));
      // Kept in the order HELP, TYPE of the first report.
      else if (![...family.about].some((known) => known.slice(0, 6) === line.slice(0, 6))) family.about.add(line);
    }
  }
  const lines = [...families.values()].flatMap(({ about, samples }) => [...about, ...samples]);
  return `${lines.join('\n')}\n`;
}

function labelled(sample: string, process: string): string {
  const [, name = '', labels, value = ''] = /^([^{\s]+)(?:\{(.*)\})?(\s.*)$/.exec(sample) ?? [];
  const others = labels === undefined || labels === '' ? '' : `,${labels}`;
  return `${name}{process="${process}"${others}}${value}`;
}
