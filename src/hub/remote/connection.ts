/** @file Requests to a server of models: the token goes to that server alone, silence is noticed, failures are sentences. */
import { throwIfAborted } from "../../core/cancel.ts";
import { StudioError } from "../../core/errors.ts";
import { type ModelAddress, modelPage, serverName } from "../../core/model-address.ts";

export interface Patience {
  /** Milliseconds without a byte after which a connection counts as broken. */
  readonly silence: number;
  /** Milliseconds before the first, second, ... new attempt; each byte that comes starts the list anew. */
  readonly pauses: readonly number[];
}

const PATIENCE: Patience = { silence: 30_000, pauses: [1000, 2000, 4000, 8000, 16_000] };

/** A server's wish to be left alone is heeded up to here. */
const LONGEST_PAUSE = 60_000;

export interface Connection {
  readonly address: ModelAddress;
  /** Goes into one request header and nowhere else. */
  readonly token: string | null;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** Hears that the connection is broken and will be tried again, and that it is not any more. */
  readonly onWaiting?: (waiting: boolean) => void;
}

/** What may be better a little later. */
class Passing extends Error {
  /** Milliseconds that the server asked for. */
  readonly pause: number;
  /** For the person, once there are no more attempts. */
  readonly failure: StudioError;

  constructor(failure: StudioError, pause = 0) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.pause = pause;
  }
}

/** A small answer as a whole. */
export async function fetchWhole(
  connection: Connection,
  url: string,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly headers: Headers }> {
  const attempts = new Attempts(connection);
  for (;;) {
    try {
      const { response, watch } = await open(connection, url, 0);
      try {
        const bytes = await watch.during(() => response.arrayBuffer());
        return { bytes: new Uint8Array(bytes), headers: response.headers };
      } catch (cause) {
        throw brokenOff(connection, cause);
      } finally {
        watch.end();
      }
    } catch (error) {
      await attempts.pause(error);
    }
  }
}

/** A file's bytes from an offset on, in pieces as they come; goes on by itself where the connection breaks off. */
export async function* fetchBytes(
  connection: Connection,
  url: string,
  from: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const attempts = new Attempts(connection);
  let at = from;
  while (at < end) {
    try {
      for await (const piece of onePass(connection, url, at, end)) {
        attempts.succeeded();
        at += piece.byteLength;
        yield piece;
      }
      if (at < end) throw brokenOff(connection);
    } catch (error) {
      await attempts.pause(error);
    }
  }
}

async function* onePass(
  connection: Connection,
  url: string,
  from: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const { response, watch } = await open(connection, url, from);
  const reader = response.body?.getReader();
  try {
    // A server that knows no ranges sends all of it again: what is here already is passed over.
    let skip = from - startOf(response, from);
    let left = end - from;
    while (reader !== undefined && left > 0) {
      const { done, value } = await watch
        .during(() => reader.read())
        .catch((cause: unknown) => {
          throw brokenOff(connection, cause);
        });
      if (done) return;
      const passed = Math.min(skip, value.byteLength);
      skip -= passed;
      const piece = value.subarray(passed, passed + left);
      left -= piece.byteLength;
      if (piece.byteLength > 0) yield piece;
    }
  } finally {
    watch.end();
    await reader?.cancel().catch(() => undefined);
  }
}

/** Offset of the answer's first byte. */
function startOf(response: Response, asked: number): number {
  if (response.status !== 206) return 0;
  // Browsers show this header only where the server allows it.
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return start === undefined ? asked : Math.min(Number(start), asked);
}

/** Counts failures in a row and waits between them. */
class Attempts {
  private readonly connection: Connection;
  private failures = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  succeeded(): void {
    if (this.failures > 0) this.connection.onWaiting?.(false);
    this.failures = 0;
  }

  /** Returns once it is time for another attempt; throws where there is to be none. */
  async pause(error: unknown): Promise<void> {
    const { signal, patience = PATIENCE, onWaiting } = this.connection;
    throwIfAborted(signal);
    if (!(error instanceof Passing)) throw error;
    const pause = patience.pauses[this.failures++];
    if (pause === undefined) throw error.failure;
    onWaiting?.(true);
    await sleep(Math.max(pause, Math.min(error.pause, LONGEST_PAUSE)), signal);
    throwIfAborted(signal);
  }
}

interface Watch {
  readonly signal: AbortSignal;
  /** Ends the request where the action takes too long. */
  during<T>(action: () => Promise<T>): Promise<T>;
  /** The request is over, or is of no more interest. */
  end(): void;
}

function watchOver(connection: Connection): Watch {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  connection.signal.addEventListener("abort", stop);
  if (connection.signal.aborted) stop();
  return {
    signal: controller.signal,
    async during(action) {
      const timer = setTimeout(stop, (connection.patience ?? PATIENCE).silence);
      try {
        return await action();
      } finally {
        clearTimeout(timer);
      }
    },
    end() {
      connection.signal.removeEventListener("abort", stop);
      stop();
    },
  };
}

async function open(
  connection: Connection,
  url: string,
  from: number,
): Promise<{ readonly response: Response; readonly watch: Watch }> {
  const watch = watchOver(connection);
  try {
    const response = await watch
      .during(() =>
        fetch(url, {
          headers: headersOf(connection, url, from),
          signal: watch.signal,
          cache: "no-store",
        }),
      )
      .catch((cause: unknown) => {
        throw unreachable(connection, cause);
      });
    if (!response.ok) throw refusal(connection, response);
    return { response, watch };
  } catch (error) {
    watch.end();
    throw error;
  }
}

/**
 * Where the server sends the request on to another host, fetch leaves the token out (Fetch standard, HTTP-redirect
 * fetch); tests hold Node and Chromium to that. A range like these needs no preflight, which some of those hosts refuse.
 */
function headersOf(
  { address, token }: Connection,
  url: string,
  from: number,
): Record<string, string> {
  const isOwn = new URL(url).origin === new URL(address.server).origin;
  return {
    ...(from > 0 ? { Range: `bytes=${from}-` } : {}),
    ...(token !== null && isOwn ? { Authorization: `Bearer ${token}` } : {}),
  };
}

function refusal({ address, token }: Connection, response: Response): Error {
  const { status, headers } = response;
  const host = serverName(address.server);
  const { repository, revision } = address;
  // Hugging Face says more than the status in a header, to pages as well.
  const reason = headers.get("x-error-code");
  const failed = (sentence: string): StudioError => new StudioError("download-failed", sentence);
  // What the server sends on to another host is signed for a while: asking the server again gives a new signature.
  const isOwn = new URL(response.url).origin === new URL(address.server).origin;
  if (!isOwn && status < 500 && status !== 429) {
    return new Passing(
      failed(
        `${new URL(response.url).host}, where ${host} keeps large files, refuses them (status ${status}). What was downloaded is kept; go on later from where it is.`,
      ),
    );
  }
  if (status === 403 || reason === "GatedRepo") {
    const page = modelPage({ ...address, revision: "main" });
    return failed(
      token === null
        ? `"${repository}" is given to those who accept its licence: do so on the model's page (${page}), then give an access token of your account.`
        : `"${repository}" is not given to the owner of this access token: accept the licence on the model's page (${page}), and see that the token may read it.`,
    );
  }
  if (status === 401) {
    return failed(
      token === null
        ? `${host} has no public model "${repository}"; check the name, or give an access token if it is private or asks for one.`
        : `${host} does not accept the access token for "${repository}"; check the token and the name.`,
    );
  }
  if (status === 404) {
    return failed(
      reason === "RevisionNotFound"
        ? `"${repository}" has no revision "${revision}"; check it on the model's page.`
        : reason === "EntryNotFound"
          ? `A file of "${repository}" is not there any more; look at the model again.`
          : `${host} has no model "${repository}" with a revision "${revision}"; check both.`,
    );
  }
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get("retry-after") ?? 0);
    const what = status === 429 ? "asks for fewer requests" : "has trouble";
    return new Passing(
      failed(
        `${host} ${what} (status ${status}). What was downloaded is kept; go on later from where it is.`,
      ),
      Number.isFinite(seconds) ? 1000 * seconds : 0,
    );
  }
  return failed(`${host} answered with status ${status}; check the server and the name.`);
}

function unreachable({ address, signal }: Connection, cause: unknown): Error {
  if (signal.aborted) return new StudioError("cancelled", "Stopped on request.", { cause });
  const host = serverName(address.server);
  return new Passing(
    new StudioError(
      "download-failed",
      `${host} could not be reached; check the connection and the name of the server. What was downloaded is kept.`,
      { cause },
    ),
  );
}

function brokenOff({ address, signal }: Connection, cause?: unknown): Error {
  if (signal.aborted) return new StudioError("cancelled", "Stopped on request.", { cause });
  return new Passing(
    new StudioError(
      "download-failed",
      `The connection to ${serverName(address.server)} broke off again and again. What was downloaded is kept; go on from there once the connection is better.`,
      { cause },
    ),
  );
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
