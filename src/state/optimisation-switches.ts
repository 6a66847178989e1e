/**
 * @file Optimisations that a developer has switched off: by the address, `?without=a,b`, or by the page, which remembers.
 * Those that need a flag of the browser are off until somebody switches them on.
 */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import {
  FLAGGED,
  isOptimisation,
  type Optimisation,
  OPTIMISATIONS,
} from "../core/optimisations.ts";

const KEY = "studio-off";
const PARAMETER = "without";

export interface SwitchState {
  readonly without: ReadonlySet<Optimisation>;
  readonly set: (name: Optimisation, on: boolean) => void;
}

export const switchStore = createStore<SwitchState>()((set, get) => ({
  without: first(),
  set(name, on) {
    const without = new Set(get().without);
    if (on) without.delete(name);
    else without.add(name);
    set({ without });
    remember(without);
  },
}));

export function useSwitches(): SwitchState {
  return useStore(switchStore);
}

/** Names that are none are left out: an old address is no reason to open nothing. */
export function namedIn(text: string): ReadonlySet<Optimisation> {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("all")) return new Set(Object.keys(OPTIMISATIONS) as Optimisation[]);
  return new Set(names.filter(isOptimisation));
}

function first(): ReadonlySet<Optimisation> {
  // Tests of stores run where there is no address.
  if (!("location" in globalThis)) return FLAGGED;
  const named = new URLSearchParams(location.search).get(PARAMETER);
  return named === null ? remembered() : new Set([...namedIn(named), ...FLAGGED]);
}

function remembered(): ReadonlySet<Optimisation> {
  try {
    const names = localStorage.getItem(KEY);
    return names === null ? FLAGGED : namedIn(names);
  } catch {
    return FLAGGED;
  }
}

/** An address that says otherwise is left behind. */
function remember(without: ReadonlySet<Optimisation>): void {
  try {
    localStorage.setItem(KEY, [...without].join());
  } catch {
    // Where nothing can be kept, the next visit switches nothing off.
  }
  if (!("location" in globalThis)) return;
  const address = new URL(location.href);
  if (!address.searchParams.has(PARAMETER)) return;
  address.searchParams.delete(PARAMETER);
  history.replaceState(history.state, "", address);
}
