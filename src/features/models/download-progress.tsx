/** @file How far a download is: all of it, the file under way, and every file. */
import { Progress, Text } from "@mantine/core";
import type { ImportProgress as Bytes, RemoteReview } from "../../rpc/hub-contract.ts";
import { formatBytes } from "../../ui/format.ts";
import { ImportProgress } from "./import-progress.tsx";
import classes from "./remote-files.module.css";

interface DownloadProgressProps {
  readonly review: RemoteReview;
  readonly progress: Bytes | null;
  readonly millisecondsLeft: number | null;
  readonly stopping: boolean;
  readonly onPause: () => void;
}

export function DownloadProgress({ review, progress, onPause, ...rest }: DownloadProgressProps) {
  const { files } = review;
  const download = progress?.download;
  return (
    <ImportProgress {...rest} progress={progress} onCancel={onPause} action="Pause">
      {download === undefined || progress === null ? undefined : (
        <>
          <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {progress.path}, {formatBytes(download.fileLoaded)} of {formatBytes(download.fileTotal)}
          </Text>
          <Progress.Root size="xs">
            <Progress.Section
              value={(100 * download.fileLoaded) / Math.max(1, download.fileTotal)}
              aria-label={`Of ${progress.path}`}
            />
          </Progress.Root>
          <Text size="sm" role="status">
            {download.waiting ? "The connection broke off; it is tried again." : ""}
          </Text>
          <details>
            <summary className={classes.summary}>
              File {positionOf(files, progress.path) + 1} of {files.length}
            </summary>
            <ul className={classes.files} tabIndex={0} aria-label="Files">
              {files.map(({ path, bytes }, i) => {
                const state = stateOf(i, positionOf(files, progress.path), download);
                return (
                  <li key={path} className={classes.file} data-state={state}>
                    <span>{path}</span>
                    <span>
                      {formatBytes(bytes)}, {state}
                    </span>
                  </li>
                );
              })}
            </ul>
          </details>
        </>
      )}
    </ImportProgress>
  );
}

function positionOf(files: RemoteReview["files"], path: string): number {
  return files.findIndex((file) => file.path === path);
}

/** They come one after the other, in the order of the list. */
function stateOf(
  i: number,
  current: number,
  { fileLoaded, fileTotal }: NonNullable<Bytes["download"]>,
): string {
  if (i > current) return "to come";
  if (i < current || fileLoaded === fileTotal) return "done";
  return `${Math.floor((100 * fileLoaded) / fileTotal)} %`;
}
