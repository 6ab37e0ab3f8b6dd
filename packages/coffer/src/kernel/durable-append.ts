import { open } from 'node:fs/promises';

/**
 * Appends lines to a file, readable by its owner only; durable when it returns. Terminates a line that a crash cut short first, so that
 * the new lines stay readable. `lines` ends with a line break. Returns the size of the file before, in bytes.
 */
export async function appendDurably(file: string, lines: string): Promise<number> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = size === 0 ? '\n' : (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString();
    await handle.appendFile(`${last === '\n' ? '' : '\n'}${lines}`);
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}
