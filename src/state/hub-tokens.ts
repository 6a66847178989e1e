/**
 * @file Access tokens for servers of models: in this page's memory, and in the browser's storage only where a person
 * wants that. Each belongs to one server, so that no other is ever sent it.
 */

const KEY = "studio-access-tokens";

export interface HubTokens {
  /** The token for a server; null where there is none. */
  get(server: string): string | null;
  /** Whether the browser keeps it beyond this visit. */
  isKept(server: string): boolean;
  /** Nothing is left of an earlier one that was kept, where this one is not to be. */
  set(server: string, token: string | null, keep: boolean): void;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** @param storage throws where nothing can be kept */
export function createHubTokens(storage: () => Store): HubTokens {
  const memory = new Map<string, string>();
  const kept = (): Map<string, string> => {
    try {
      return new Map(readTokens(storage().getItem(KEY)));
    } catch {
      return new Map();
    }
  };
  return {
    get: (server) => memory.get(server) ?? kept().get(server) ?? null,
    isKept: (server) => kept().has(server),
    set(server, token, keep) {
      const all = kept();
      all.delete(server);
      memory.delete(server);
      if (token !== null) {
        memory.set(server, token);
        if (keep) all.set(server, token);
      }
      try {
        if (all.size === 0) storage().removeItem(KEY);
        else storage().setItem(KEY, JSON.stringify([...all]));
      } catch {
        // Then it is for this visit alone.
      }
    },
  };
}

export const hubTokens = createHubTokens(() => localStorage);

function readTokens(text: string | null): [string, string][] {
  const value: unknown = text === null ? [] : JSON.parse(text);
  return Array.isArray(value) ? value.filter(isPair) : [];
}

function isPair(value: unknown): value is [string, string] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string")
  );
}
