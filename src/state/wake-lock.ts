/** @file Keeps the screen, and with it the machine, awake while something long is under way. */

let holders = 0;
let lock: WakeLockSentinel | null = null;

const wanted = (): boolean =>
  holders > 0 && lock === null && document.visibilityState === "visible";

async function acquire(): Promise<void> {
  // Browsers without it, or that refuse (a battery that is nearly empty), go to sleep as they would.
  if (!wanted() || !("wakeLock" in navigator)) return;
  const acquired = await navigator.wakeLock.request("screen").catch(() => null);
  if (acquired === null) return;
  if (!wanted()) {
    void acquired.release();
    return;
  }
  lock = acquired;
  // The browser takes it away whenever the page is hidden.
  acquired.addEventListener("release", () => {
    if (lock === acquired) lock = null;
  });
}

const onVisible = (): void => void acquire();

/** @returns a function that lets the machine sleep again, unless somebody else holds it awake */
export function holdWakeLock(): () => void {
  let held = true;
  if (holders++ === 0) document.addEventListener("visibilitychange", onVisible);
  void acquire();
  return () => {
    if (!held) return;
    held = false;
    if (--holders > 0) return;
    document.removeEventListener("visibilitychange", onVisible);
    void lock?.release();
    lock = null;
  };
}
