/** A log file that is rotated by size: `api.log` is the newest, `api.log.1` the one before it, and so on. */
import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from './folder.ts';

export type LogFileOptions = {
  readonly file: string;
  /** Rotates a file that has reached this size; 20 MiB by default. */
  readonly bytesMax?: number;
  /** Maximum number of files, including the newest; 5 by default. */
  readonly filesMax?: number;
};

/** Retry a full disk after this pause, not for every line. */
const retryAfterMs = 10_000;

/**
 * Writes synchronously, like standard output: the last line before a crash is in the file. A failing file never disturbs the caller; the
 * lines are on standard output, too. Several processes may share a file.
 */
export class LogFile {
  readonly #file: string;
  readonly #bytesMax: number;
  readonly #filesMax: number;
  #descriptor: number | null = null;
  #bytes = 0;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  /** Throws the system's error when the file cannot be opened. */
  constructor({ file, bytesMax = 20 * 1_048_576, filesMax = 5 }: LogFileOptions) {
    this.#file = file;
    this.#bytesMax = bytesMax;
    this.#filesMax = filesMax;
    makeFolder(path.dirname(file), 0o700);
    this.#open();
  }

  write(line: string): void {
    if (this.#descriptor === null && performance.now() - this.#failedAtMs < retryAfterMs) return;
    try {
      if (this.#bytes >= this.#bytesMax) this.#rotate();
      this.#bytes += fs.writeSync(this.#descriptor ?? this.#open(), line);
    } catch {
      this.#failedAtMs = performance.now();
      this.#close();
    }
  }

  #open(): number {
    const descriptor = fs.openSync(this.#file, 'a', 0o600);
    this.#descriptor = descriptor;
    this.#bytes = fs.fstatSync(descriptor).size;
    return descriptor;
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    if (descriptor !== null) fs.closeSync(descriptor);
  }

  #rotate(): void {
    const ours = this.#descriptor === null ? undefined : fs.fstatSync(this.#descriptor).ino;
    this.#close();
    // Another process that shares the file may have rotated it already.
    if (fs.statSync(this.#file, { throwIfNoEntry: false })?.ino === ours) {
      for (let age = this.#filesMax - 1; age >= 1; age--)
        this.#rename(age === 1 ? this.#file : `${this.#file}.${age - 1}`, `${this.#file}.${age}`);
      if (this.#filesMax === 1) fs.rmSync(this.#file, { force: true });
    }
    this.#open();
  }

  #rename(from: string, to: string): void {
    if (fs.existsSync(from)) fs.renameSync(from, to);
  }
}
