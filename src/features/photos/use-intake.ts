/** @file Reads chosen files one after another, tells how far it is, and keeps what could not be used. */
import { useEffect, useRef, useState } from "react";
import { errorSentence } from "../../ui/error-sentence.ts";

export interface IntakeProgress {
  readonly name: string;
  /** Files that were dealt with, and all of them. */
  readonly done: number;
  readonly total: number;
}

export interface Intake {
  readonly progress: IntakeProgress | null;
  /** A sentence for each file that was left out, naming it. */
  readonly leftOut: readonly string[];
  readonly add: (files: readonly File[]) => void;
  /** Leaves out what was not read yet. */
  readonly stop: () => void;
  readonly dismiss: () => void;
}

/**
 * @param read uses a file; gives a sentence where the file is left out, and throws where it cannot be read. It is asked
 *   for one file at a time.
 */
export function useIntake(read: (file: File) => Promise<string | null>): Intake {
  const [progress, setProgress] = useState<IntakeProgress | null>(null);
  const [leftOut, setLeftOut] = useState<readonly string[]>([]);
  const waiting = useRef<File[]>([]);
  const running = useRef(false);
  const latestRead = useRef(read);
  useEffect(() => {
    latestRead.current = read;
  });
  useEffect(
    () => () => {
      waiting.current = [];
    },
    [],
  );

  const run = async (): Promise<void> => {
    running.current = true;
    for (let done = 0; ; done++) {
      const file = waiting.current.shift();
      if (file === undefined) break;
      setProgress({ name: file.name, done, total: done + 1 + waiting.current.length });
      const sentence = await latestRead.current(file).catch(errorSentence);
      if (sentence !== null) setLeftOut((before) => [...before, sentence]);
    }
    running.current = false;
    setProgress(null);
  };

  return {
    progress,
    leftOut,
    add(files) {
      waiting.current.push(...files);
      if (!running.current) void run();
    },
    stop() {
      waiting.current = [];
    },
    dismiss() {
      setLeftOut([]);
    },
  };
}
