/** @file One task after the other: a queue for a resource that cannot be shared. */
export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `task` once everything asked for before has ended, whether it ended well or not. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task, task);
    this.last = result.catch(() => undefined);
    return result;
  }
}
