import { expect, test } from 'vitest';
import { mergeMetrics } from './merge.ts';
import { Metrics } from './metrics.ts';

const of = (value: number) => `# HELP a_total What a counts
# TYPE a_total counter
a_total{kind="x {y} z"} ${value}
a_total{kind=""} 1e3

# HELP b What b is
# TYPE b gauge
b ${value}
`;

test('each metric is described once, and each sample names its process', () => {
  expect(
    mergeMetrics([
      { process: 'background', text: of(1) },
      { process: 'worker 1', text: of(2) },
    ]),
  ).toBe(`# HELP a_total What a counts
# TYPE a_total counter
a_total{process="background",kind="x {y} z"} 1
a_total{process="background",kind=""} 1e3
a_total{process="worker 1",kind="x {y} z"} 2
a_total{process="worker 1",kind=""} 1e3
# HELP b What b is
# TYPE b gauge
b{process="background"} 1
b{process="worker 1"} 2
`);
});

test('everything that a process reports is in the merged text', async () => {
  const metrics = new Metrics('1.0.0');
  metrics.httpAnswered('GET', '/wallet/:id', 200, 0.01);
  metrics.grpcAnswered('wallet.WalletService/Credit', 'OK');
  const text = await metrics.text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const merged = mergeMetrics([{ process: 'worker 1', text }]);
  expect(merged.split('\n').filter((line) => /^[a-z]\w*\{process="worker 1"[,}].* \S+$/.test(line))).toHaveLength(samples.length);
});
