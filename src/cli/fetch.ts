/** @file `fetch`: downloads a model from Hugging Face, or a server that answers alike, into a folder for --model. */
import { readFile, statfs } from "node:fs/promises";
import { StudioError } from "../core/errors.ts";
import { modelPage, readModelAddress } from "../core/model-address.ts";
import { canUse } from "../core/model-facts.ts";
import type { Connection } from "../hub/remote/connection.ts";
import { downloadFiles, type DownloadProgress } from "../hub/remote/download.ts";
import { readRemoteModel } from "../hub/remote/remote-model.ts";
import { openPartFile, partBytes, readPart } from "./files/part-file.ts";
import { stopOnInterrupt } from "./interrupt.ts";
import { type Raw, requiredOption, textOption } from "./options.ts";
import { openOutFolder } from "./paint.ts";
import { Progress } from "./progress.ts";

const MEGA = 1e6;

/** @throws StudioError that says what is in the way; what was downloaded stays, and the same command goes on with it */
export async function fetchModel(
  repository: string,
  options: Readonly<Record<string, Raw>>,
): Promise<void> {
  const out = requiredOption("out", options["out"], "name the folder to download into");
  const address = readModelAddress({
    repository,
    revision: textOption("revision", options["revision"]),
    server: textOption("server", options["server"]),
  });
  const token = await tokenOf(textOption("tokenFile", options["tokenFile"]));
  await openOutFolder(out);
  const stop = stopOnInterrupt();
  try {
    const connection: Connection = { address, token, signal: stop.signal };
    const model = await readRemoteModel(connection, (path) => readPart(out, path));
    const obstacle = canUse(model.facts, null);
    if (obstacle?.kind === "refused") throw new StudioError("invalid-input", obstacle.sentence);
    if (obstacle !== null) console.error(obstacle.sentence);
    console.error(
      `${address.repository} at ${model.commit.slice(0, 7)}: ${megabytes(model.bytes)} in ${model.files.length} files, licence ${model.licence ?? "unknown"} (${modelPage(address)})`,
    );
    requireDisk(out, await missingBytes(out, model.files), await roomOn(out));
    const report = reporter();
    const downloaded = await downloadFiles(
      connection,
      model,
      (path, bytes) => openPartFile(out, path, bytes),
      report.hear,
    ).finally(() => report.end());
    if (options["json"] === true) {
      const { server } = address;
      const { commit, licence, bytes, files } = model;
      const paths = files.map(({ path }) => path);
      console.log(
        JSON.stringify({
          out,
          server,
          repository: address.repository,
          commit,
          licence,
          bytes,
          downloaded,
          files: paths,
        }),
      );
    } else console.log(`${out}: ${megabytes(model.bytes)}; use it with --model ${out}`);
  } finally {
    stop.forget();
  }
}

/** From a file or the environment: an argument would be seen in lists of processes, and stay in a shell's history. */
async function tokenOf(file: string | null): Promise<string | null> {
  const text =
    file === null
      ? process.env["HF_TOKEN"]
      : await readFile(file, "utf8").catch((cause: unknown) => {
          throw new StudioError(
            "invalid-input",
            `The access token cannot be read from "${file}"; give the path of a text file that holds it alone.`,
            { cause },
          );
        });
  const token = text?.trim() ?? "";
  if (token === "") return null;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new StudioError(
    "invalid-input",
    "The access token has spaces or other characters that no token has; see that the file or HF_TOKEN holds the token alone.",
  );
}

async function missingBytes(
  out: string,
  files: readonly { readonly path: string; readonly bytes: number }[],
): Promise<number> {
  let missing = 0;
  for (const { path, bytes } of files)
    missing += bytes - Math.min(bytes, await partBytes(out, path));
  return missing;
}

function requireDisk(out: string, missing: number, room: number | null): void {
  if (room === null || missing <= room) return;
  throw new StudioError(
    "storage-full",
    `"${out}" has room for ${megabytes(room)}, and ${megabytes(missing)} are to be downloaded; free some space, or choose another folder.`,
  );
}

/** Null where the system does not say. */
async function roomOn(out: string): Promise<number | null> {
  const found = await statfs(out).catch(() => null);
  return found === null ? null : found.bavail * found.bsize;
}

function reporter() {
  let progress: Progress | null = null;
  let [counted, waiting] = [0, false];
  return {
    hear: (now: DownloadProgress): void => {
      const fetched = now.loaded - now.kept;
      // What is here already says nothing of how fast the rest comes.
      progress ??= fetched > 0 ? new Progress(now.total - now.kept) : null;
      if (now.waiting && !waiting) progress?.say("The connection broke off; it is tried again.");
      waiting = now.waiting;
      progress?.advance(
        fetched - counted,
        `${megabytes(now.loaded)} of ${megabytes(now.total)}, ${now.path}`,
      );
      counted = fetched;
    },
    end: (): void => progress?.end(),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGA).toFixed(1)} MB`;
}
