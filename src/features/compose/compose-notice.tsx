/** @file What the page Compose has to say of a picture whose settings were taken over on another page. */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { type Outcome, OutcomeAlert } from "../generate/outcome-alert.tsx";

const notice = createStore<{ readonly outcome: Outcome | null }>()(() => ({ outcome: null }));

/** Stays until it is closed, or another picture's settings are taken over. */
export function tellOnCompose(outcome: Outcome | null): void {
  notice.setState({ outcome });
}

export function ComposeNotice() {
  const { outcome } = useStore(notice);
  return <OutcomeAlert outcome={outcome} onClose={() => tellOnCompose(null)} />;
}
