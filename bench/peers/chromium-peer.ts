/** @file The studio's engine in Chromium as a peer: the bench's page, in a browser of its own. */
import type { Start } from "../browser/bench.worker.ts";
import { launchChromium } from "./chromium.ts";
import { type Absent, type Answer, type Peer, peerOf, type Request } from "./protocol.ts";

/** @param url the bench's page */
export async function startChromium(url: string, start: Start["start"]): Promise<Peer | Absent> {
  const flags = start.wide === true ? ["--js-flags=--wasm-revectorize"] : [];
  const browser = await launchChromium(start.backend === "webgpu", flags).catch(() => null);
  if (browser === null) {
    return { absent: "Chromium is not compared: none could be started; set CHROMIUM_PATH to one." };
  }
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => "askBench" in globalThis);
  const ask = (request: Request | Start): Promise<Answer> =>
    page.evaluate((question) => askBench(question), request);
  const ready = await ask({ start });
  if ("ready" in ready) {
    return peerOf(`Chromium ${browser.version()}`, ask, () => browser.close());
  }
  await browser.close();
  const reason = "absent" in ready ? ready.absent : "";
  return { absent: `Chromium is not compared with ${start.backend}: ${reason}` };
}
