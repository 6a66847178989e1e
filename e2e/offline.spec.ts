/** @file Offline after the first visit, isolation where the host sends no headers, and updates that wait. */
import { expect, test, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { isolationHeaders } from "../scripts/isolation-headers.mjs";
import { startPlainHost, type PlainHost } from "./support/plain-server.ts";

let host: PlainHost;
test.afterEach(() => host.close());

const untilOffline = (page: Page): Promise<void> =>
  expect(page.getByText("Ready to work offline")).toBeVisible({ timeout: 120_000 });

async function openModel(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Models" }).click();
  await expect(page.getByTestId("backend-reason")).toBeVisible({ timeout: 120_000 });
}

test("after one visit the studio works without its server, and nothing large was fetched twice", async ({
  page,
}) => {
  host = await startPlainHost(isolationHeaders);
  await page.goto(host.address);
  await untilOffline(page);
  const large = [...host.sent].filter(([name]) => /^models\/|\.wasm$/.test(name));
  expect(large.map(([name]) => name)).toContain("models/toybox-256/unet/model.onnx");
  expect(large.filter(([, times]) => times > 1)).toEqual([]);
  // Of onnxruntime's files only the one that computes here.
  expect(large.filter(([name]) => name.endsWith(".wasm"))).toHaveLength(1);

  await host.close();
  await page.context().setOffline(true);
  await page.reload();
  await openModel(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.getByRole("link", { name: "Generate", exact: true }).click();
  await page.getByLabel("Steps").fill("2");
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await expect(page.getByRole("button", { name: /^Open: / })).toHaveCount(1, { timeout: 180_000 });
});

test("a host without isolation headers: the page is isolated after one reload of its own", async ({
  page,
}) => {
  host = await startPlainHost();
  let loads = 0;
  page.on("load", () => loads++);
  await page.goto(host.address);
  // The reload may come while the question is asked, which then has no answer.
  const isolated = () => page.evaluate(() => crossOriginIsolated).catch(() => false);
  await expect.poll(isolated).toBe(true);
  await openModel(page);
  await expect(page.getByTestId("backend-badge")).not.toContainText("1 thread");
  expect(loads).toBe(2);
});

test("a browser that does not isolate pages gets the studio all the same, without reloading for ever", async ({
  page,
}) => {
  host = await startPlainHost();
  // A host that overrules the service worker is the same as a browser that does not listen to it.
  await host.close();
  host = await startPlainHost({ "Cross-Origin-Embedder-Policy": "unsafe-none" });
  let loads = 0;
  page.on("load", () => loads++);
  await page.goto(host.address);
  await expect(page.getByText("Ready to work offline")).toBeVisible({ timeout: 120_000 });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  expect(loads).toBe(2);
});

test("a new version waits until it is asked for", async ({ page }) => {
  host = await startPlainHost(isolationHeaders);
  await page.goto(host.address);
  await untilOffline(page);
  const worker = readFileSync(path.join("dist", "service-worker.js"), "utf8");
  host.replaced.set("service-worker.js", `${worker}\n// The next version.`);
  await page.reload();
  const notice = page.getByText("A new version is ready.");
  // The browser looks for a new version once the page has loaded all it wants.
  await expect(notice).toBeVisible({ timeout: 120_000 });
  const loaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Reload now" }).click();
  await loaded;
  await expect(page.getByRole("heading", { name: "Generate" })).toBeVisible();
  await expect(notice).toBeHidden();
});
