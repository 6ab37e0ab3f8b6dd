/** The content of postmaster.pid: line 1 is the process id, line 4 the port once it listens. */
export type PidFile = { readonly pid: number | undefined; readonly port: number | undefined };

/** Parses the text of postmaster.pid; a part that is missing or not a number is undefined, as while PostgreSQL still writes the file. */
export function parsePidFile(text: string): PidFile {
  const lines = text.split('\n');
  // A stand-alone backend writes its process id as a negative number.
  const pid = Math.abs(numberIn(lines[0]) ?? 0);
  return { pid: pid > 0 ? pid : undefined, port: numberIn(lines[3]) };
}

function numberIn(line: string | undefined): number | undefined {
  return line !== undefined && /^-?\d+$/.test(line.trim()) ? Number(line) : undefined;
}
