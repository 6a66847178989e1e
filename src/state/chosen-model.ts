/** @file Which model the page opens first: the one in the address, the one chosen last, or the default. */
import { DEFAULT_MODEL } from "../core/default-model.ts";

const KEY = "studio-model";
const PARAMETER = "model";

export function firstModel(): string {
  return new URLSearchParams(location.search).get(PARAMETER) ?? remembered() ?? DEFAULT_MODEL.id;
}

/** The next visit opens it; an address that names another is left behind. */
export function rememberModel(id: string): void {
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // Where nothing can be kept, the next visit opens the default model.
  }
  const address = new URL(location.href);
  if (!address.searchParams.has(PARAMETER)) return;
  address.searchParams.delete(PARAMETER);
  history.replaceState(history.state, "", address);
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
