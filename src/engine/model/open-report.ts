/** @file What is told of opening a model whose files come side by side: bytes of all of them together, then what is made of them. */
import type { OpenProgress } from "../../rpc/contracts.ts";

export type OnProgress = (progress: OpenProgress) => void;

export class OpenReport {
  private readonly tell: OnProgress;
  /** Files that are asked for, by path. */
  private readonly files = new Map<
    string,
    { readonly loaded: number; readonly total: number; readonly arrived: boolean }
  >();

  constructor(tell: OnProgress) {
    this.tell = tell;
  }

  /** A file is asked for; how large it is nobody knows yet. */
  asked(path: string): void {
    this.files.set(path, { loaded: 0, total: 0, arrived: false });
  }

  /** @param total 0 while it is not known */
  came(path: string, loaded: number, total: number): void {
    this.files.set(path, { loaded, total, arrived: false });
    const all = [...this.files.values()];
    const known = all.every((file) => file.total > 0 || file.arrived);
    this.tell({
      stage: "download",
      part: "model",
      loaded: all.reduce((sum, file) => sum + file.loaded, 0),
      total: known ? all.reduce((sum, file) => sum + file.total, 0) : 0,
    });
  }

  /** The file is here, or never will be. */
  arrived(path: string): void {
    const { loaded = 0 } = this.files.get(path) ?? {};
    this.files.set(path, { loaded, total: loaded, arrived: true });
  }

  /** What is done with a part; not told while files are on their way, which is what takes long then. */
  stage(stage: Exclude<OpenProgress["stage"], "download">, part: string): void {
    if ([...this.files.values()].some(({ arrived }) => !arrived)) return;
    this.tell({ stage, part, loaded: 0, total: 0 });
  }
}
