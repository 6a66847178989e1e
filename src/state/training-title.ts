/** @file Shows in the browser's tab how far training is, in front of whatever the page calls itself. */
import type { TrainingStore } from "./training-store.ts";

/** A page's title, with or without what an earlier call put in front of it. */
export function titleWithProgress(title: string, percent: number | null): string {
  const own = title.replace(/^\d+ % · /u, "");
  return percent === null ? own : `${percent} % · ${own}`;
}

export function showProgressInTitle(training: TrainingStore): void {
  training.subscribe(({ active }) => {
    const percent = active === null ? null : Math.floor((100 * active.step) / active.steps);
    const title = titleWithProgress(document.title, percent);
    if (title !== document.title) document.title = title;
  });
}
