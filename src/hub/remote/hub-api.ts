/**
 * @file What a server that speaks Hugging Face's API says of a model: its commit, its licence, its files
 * (https://huggingface.co/docs/hub/api).
 */
import { z } from "zod";
import { StudioError } from "../../core/errors.ts";
import { serverName } from "../../core/model-address.ts";
import { type Connection, fetchWhole } from "./connection.ts";

/** A repository of this many thousand files is no model. */
const MOST_PAGES = 50;

const text = z.string().nullish().catch(null);
const information = z.object({
  sha: z.string().regex(/^[\w-]{1,100}$/),
  gated: z.union([z.boolean(), z.string()]).nullish().catch(null),
  cardData: z
    .object({
      license: z
        .union([z.string(), z.array(z.string())])
        .nullish()
        .catch(null),
      license_name: text,
    })
    .nullish()
    .catch(null),
});

const listing = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number().nonnegative(),
    oid: text,
    lfs: z.object({ oid: z.string(), size: z.number().nonnegative() }).nullish().catch(null),
  }),
);

export interface ModelInformation {
  /** What the revision stands for now. */
  readonly commit: string;
  /** As its maker names it; null where nothing is said. */
  readonly licence: string | null;
  /** Whether people have to accept something before they get it. */
  readonly gated: boolean;
}

export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of what is in it, where the repository keeps it as a large file. */
  readonly sha256: string | null;
  /** Git's own hash, of a small file. */
  readonly blob: string | null;
}

export async function modelInformation(connection: Connection): Promise<ModelInformation> {
  const { server, repository, revision } = connection.address;
  const url = `${server}/api/models/${repository}/revision/${encodeURIComponent(revision)}`;
  const { sha, gated, cardData } = (await fetchJson(connection, url, information)).value;
  const named = [cardData?.license ?? []].flat()[0];
  // "other" is what Hugging Face calls a licence that its list does not have.
  const licence = named === "other" ? (cardData?.license_name ?? named) : named;
  return {
    commit: sha,
    licence: licence ?? null,
    gated: gated === true || typeof gated === "string",
  };
}

/** All files at a commit. */
export async function listFiles(connection: Connection, commit: string): Promise<ListedFile[]> {
  const { server, repository } = connection.address;
  const files: ListedFile[] = [];
  let next: string | null = `${server}/api/models/${repository}/tree/${commit}?recursive=true`;
  for (let page = 0; next !== null && page < MOST_PAGES; page++) {
    const { value, headers }: Answer<z.infer<typeof listing>> = await fetchJson(
      connection,
      next,
      listing,
    );
    for (const { type, path, size, oid, lfs } of value) {
      if (type !== "file" || !isPlain(path)) continue;
      files.push({
        path,
        bytes: lfs?.size ?? size,
        sha256: hexadecimal(lfs?.oid.replace(/^sha256:/, ""), 64),
        blob: lfs == null ? hexadecimal(oid, 40) : null,
      });
    }
    next = nextPage(headers, next);
  }
  return files;
}

/** Where a file's bytes are. */
export function fileAddress({ address }: Connection, commit: string, path: string): string {
  const parts = path.split("/").map((part) => encodeURIComponent(part));
  return `${address.server}/${address.repository}/resolve/${commit}/${parts.join("/")}`;
}

interface Answer<T> {
  readonly value: T;
  readonly headers: Headers;
}

async function fetchJson<T>(
  connection: Connection,
  url: string,
  schema: z.ZodType<T>,
): Promise<Answer<T>> {
  const { bytes, headers } = await fetchWhole(connection, url);
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return { value: schema.parse(parsed), headers };
  } catch (cause) {
    throw new StudioError(
      "download-failed",
      `${serverName(connection.address.server)} does not answer as Hugging Face does; check the address of the server.`,
      { cause },
    );
  }
}

/** Paths become paths on this computer: none may lead out of the model's folder. */
function isPlain(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split("/").every((part) => !/^\.{0,2}$/.test(part));
}

function hexadecimal(hash: string | null | undefined, digits: number): string | null {
  return hash?.length === digits && /^[0-9a-f]+$/.test(hash) ? hash : null;
}

/** The header Link: <address>; rel="next". */
function nextPage(headers: Headers, current: string): string | null {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.get("link") ?? "")?.[1];
  return link === undefined ? null : new URL(link, current).href;
}
