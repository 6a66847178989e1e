/** @file An address for a Blob, for as long as it is shown. */
import { useMemo, useSyncExternalStore } from "react";

/** Null until there is one. */
export function useObjectUrl(blob: Blob): string | null {
  const address = useMemo(() => addressOf(blob), [blob]);
  return useSyncExternalStore(address.subscribe, address.get);
}

/** Made when somebody looks, and given back when nobody does any more. */
function addressOf(blob: Blob) {
  let url: string | null = null;
  return {
    get: () => url,
    subscribe: (notify: () => void) => {
      const made = URL.createObjectURL(blob);
      url = made;
      notify();
      return () => {
        URL.revokeObjectURL(made);
        url = null;
      };
    },
  };
}
