/** @file How much of the GPU's memory training may use, as the person says it: browsers do not tell how much there is. */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import type { MemoryBudget } from "../rpc/contracts.ts";

const KEY = "studio-gpu-bytes";

interface BudgetState {
  /** Null until somebody chose one. */
  readonly bytes: MemoryBudget;
  readonly set: (bytes: MemoryBudget) => void;
}

export const memoryBudgetStore = createStore<BudgetState>()((set) => ({
  bytes: remembered(),
  set(bytes) {
    set({ bytes });
    try {
      if (bytes === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, String(bytes));
    } catch {
      // Where nothing can be kept, the next visit begins with the usual.
    }
  },
}));

export function useMemoryBudget(): BudgetState {
  return useStore(memoryBudgetStore);
}

function remembered(): MemoryBudget {
  try {
    const bytes = Number(localStorage.getItem(KEY));
    return bytes > 0 && Number.isFinite(bytes) ? bytes : null;
  } catch {
    return null;
  }
}
