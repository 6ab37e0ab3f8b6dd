/** Processor time of processes, from Linux's /proc: unlike rates, it hardly depends on what else the machine does. */
import fs from 'node:fs';

const clockTicksPerSecond = 100;

/** User and system time of a process and of those below it, those that have ended and were awaited included. Zero elsewhere than on Linux. */
export function processorMs(root: number): number {
  const children = childrenOf();
  let ticks = 0;
  for (const pids = [root]; pids.length > 0;) {
    const pid = pids.pop() ?? 0;
    const stat = statOf(pid);
    if (!stat) continue;
    // utime, stime, cutime and cstime.
    ticks += stat.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    pids.push(...(children.get(pid) ?? []));
  }
  return (ticks * 1_000) / clockTicksPerSecond;
}

/** The fields after the name, which may contain spaces: the first is the state. */
function statOf(pid: number): string[] | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

export function parentOf(pid: number): number {
  return Number(statOf(pid)?.[1] ?? 0);
}

function childrenOf(): Map<number, number[]> {
  if (!fs.existsSync('/proc/self/stat')) return new Map();
  const pids = fs.readdirSync('/proc').map(Number).filter(Number.isInteger);
  return Map.groupBy(pids, parentOf);
}
