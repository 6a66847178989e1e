/** @file The browser's offer to install the app, kept until a person takes it. */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";

/** Chromium's own event, which no standard and so no type library has. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

const isInstallEvent = (event: Event): event is InstallEvent => "prompt" in event;

const offer = createStore<{ readonly event: InstallEvent | null }>()(() => ({ event: null }));

/** Called once, before the browser makes its offer. */
export function listenForInstallPrompt(): void {
  addEventListener("beforeinstallprompt", (event) => {
    if (!isInstallEvent(event)) return;
    // The browser's own banner would cover the page.
    event.preventDefault();
    offer.setState({ event });
  });
  addEventListener("appinstalled", () => offer.setState({ event: null }));
}

/** @returns what installs the app; null where it cannot be, or is installed already */
export function useInstallPrompt(): (() => void) | null {
  const event = useStore(offer, (state) => state.event);
  if (event === null) return null;
  return () => {
    // An offer can be taken once.
    offer.setState({ event: null });
    void event.prompt();
  };
}
