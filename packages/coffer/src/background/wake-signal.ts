/** An interruptible sleep. A notification while nothing sleeps ends the next sleep immediately. Its timers do not keep the process alive. */
export class WakeSignal {
  #isNotified = false;
  #wakeUp: (() => void) | null = null;

  notify(): void {
    this.#isNotified = true;
    this.#wakeUp?.();
  }

  /** Discards earlier notifications. */
  clear(): void {
    this.#isNotified = false;
  }

  /** Sleeps until a notification, or this long. */
  async sleep(ms: number): Promise<void> {
    if (!this.#isNotified) await this.#wait(ms);
    this.#isNotified = false;
  }

  /** Sleeps this long regardless of notifications, unless `isOver` afterwards. */
  async pause(ms: number, isOver: () => boolean): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !isOver(); left = until - performance.now()) await this.#wait(left);
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = null;
  }
}
