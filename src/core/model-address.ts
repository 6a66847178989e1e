/** @file Which repository of which server a person means: "owner/name", or the pasted address of a model's page. */
import { StudioError } from "./errors.ts";

export const HUGGING_FACE = "https://huggingface.co";

export interface ModelAddress {
  /** Without a slash at its end. */
  readonly server: string;
  /** "owner/name". */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

interface Given {
  readonly repository: string;
  /** In place of the one in a pasted address; "main" where neither says. */
  readonly revision?: string | null;
  /** In place of the one in a pasted address; Hugging Face where neither says. */
  readonly server?: string | null;
}

const ID = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;
/** What follows the id in the address of a page: the tree or a file of a revision. */
const PAGE = /^([^/?#]+\/[^/?#]+?)(?:\/(?:tree|blob|resolve)\/([^/?#]+)(?:[/?#].*)?|[/?#].*)?$/;
const WITH_SERVER =
  /^(?:(https?):\/\/)?((?:[\w-]+\.)+[a-z]{2,}(?::\d+)?|localhost(?::\d+)?|127\.0\.0\.1(?::\d+)?|\[::1\](?::\d+)?)\/(.+)$/i;

/** @throws StudioError "invalid-input" with what was expected */
export function readModelAddress({ repository, revision, server }: Given): ModelAddress {
  const text = repository.trim();
  // "owner.com/name" may be an id as well: only what has more than two parts, or a scheme, names a server.
  const pasted =
    /^https?:\/\//i.test(text) || text.split("/").length > 2 ? WITH_SERVER.exec(text) : null;
  const [, id = "", pageRevision] = PAGE.exec(pasted?.[3] ?? text) ?? [];
  const isId = ID.test(id) && !id.split("/").some((part) => /^\.+$/.test(part));
  if (!isId || (pasted === null && id !== text)) {
    throw new StudioError(
      "invalid-input",
      `"${text}" names no repository; give it as owner/name, or paste the address of the model's page.`,
    );
  }
  const ownServer = pasted === null ? null : `${pasted[1] ?? "https"}://${pasted[2] ?? ""}`;
  return {
    server: readServer(filled(server) ?? ownServer ?? HUGGING_FACE),
    repository: id,
    revision: readRevision(filled(revision) ?? decoded(pageRevision) ?? "main"),
  };
}

/** The address of the model's page, for people. */
export function modelPage({ server, repository, revision }: ModelAddress): string {
  const tree = revision === "main" ? "" : `/tree/${encodeURIComponent(revision)}`;
  return `${server}/${repository}${tree}`;
}

/** A server's name in sentences: "huggingface.co". */
export function serverName(server: string): string {
  return server.replace(/^https?:\/\//, "");
}

/** A server as it is written everywhere: with its scheme, without a slash at its end. */
export function readServer(text: string): string {
  const [, scheme = "https", host, path = ""] =
    /^(?:(https?):\/\/)?([\w.-]+(?::\d+)?|\[::1\](?::\d+)?)((?:\/[\w.~-]+)*)\/*$/i.exec(
      text.trim(),
    ) ?? [];
  if (host === undefined) {
    throw new StudioError(
      "invalid-input",
      `"${text}" is no address of a server; give one like ${HUGGING_FACE}.`,
    );
  }
  const server = `${scheme.toLowerCase()}://${host.toLowerCase()}${path}`;
  // Anybody on the way could read the token, and change what is downloaded.
  if (scheme.toLowerCase() === "http" && !/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)) {
    throw new StudioError(
      "invalid-input",
      `"${text}" is not encrypted; give an address that begins with https:// (http:// is for this computer alone).`,
    );
  }
  return server === "https://hf.co" || server === "https://www.huggingface.co"
    ? HUGGING_FACE
    : server;
}

function readRevision(text: string): string {
  // Git's own rules are stricter; these keep it one part of an address.
  if (/^[\w./-]{1,200}$/.test(text) && !text.includes("..")) return text;
  throw new StudioError(
    "invalid-input",
    `"${text}" is no revision; give a branch, a tag or a commit, like main.`,
  );
}

function filled(text: string | null | undefined): string | null {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}

/** "refs%2Fpr%2F1" is how a page's address has "refs/pr/1". */
function decoded(text: string | undefined): string | null {
  return text === undefined ? null : text.replaceAll(/%2f/gi, "/");
}
