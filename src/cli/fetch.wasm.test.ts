/** @file `fetch` as a person meets it: a model from a server into a folder, gone on with, and painted with. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cli, cliMeanwhile } from "../../tests/support/cli.ts";
import { type HubServer, startHubServer } from "../../tests/support/hub-server.ts";
import { nanoFileMap } from "../../tests/support/nano-files.ts";

const LARGE = "clip/image_encoder.onnx";
const large = Uint8Array.from({ length: 6_000_000 }, (_, i) => (i * 7919) >> 5);

let server: HubServer;
let folder: string;
let out: string;
let files: Map<string, Uint8Array>;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "studio-fetch-"));
  out = path.join(folder, "nano");
  files = new Map([...(await nanoFileMap("dynamo")), [LARGE, large]]);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const fetchInto = (...others: string[]): string[] => [
  ...["fetch", server.repository, "--server", server.address, "--out", out],
  ...others,
];

async function expectWhole(): Promise<void> {
  const found = (await readdir(out, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)));
  expect(found.sort()).toEqual([...files.keys()].sort());
  for (const [name, bytes] of files) {
    expect(Buffer.compare(await readFile(path.join(out, name)), bytes), name).toBe(0);
  }
}

describe("fetch", () => {
  it("downloads a model that --model then opens, and is done at once the second time", async () => {
    server = await startHubServer({ files });
    const { status, stdout, stderr } = await cliMeanwhile(fetchInto("--json"));
    expect(stderr).toContain("studio/nano at ");
    expect(stderr).toContain("licence cc0-1.0");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      out,
      repository: "studio/nano",
      commit: server.commit,
      licence: "cc0-1.0",
      bytes: [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
    });
    await expectWhole();

    const images = path.join(folder, "images");
    const painted = cli([
      ...["generate", "--model", out, "--prompt", "a cat", "--out", images],
      ...["--steps", "2", "--backend", "wasm"],
    ]);
    expect(painted.stderr).not.toMatch(/Error/);
    expect(painted.status).toBe(0);
    expect((await readdir(images)).filter((name) => name.endsWith(".png"))).toHaveLength(1);

    const again = await cliMeanwhile(fetchInto("--json"));
    expect(JSON.parse(again.stdout)).toMatchObject({ downloaded: 0 });
    for (const [name, bytes] of files) expect(server.sent(name), name).toBe(bytes.byteLength);
  });

  it("goes on with what Ctrl-C interrupted, by the same command", async () => {
    server = await startHubServer({ files });
    server.faults.set(LARGE, { kind: "slow", bytesPerSecond: 2e6 });
    const stopped = await cliMeanwhile(fetchInto(), {
      interruptAt: () => server.sent(LARGE) > 1_000_000,
    });
    expect(stopped).toMatchObject({ status: 130, stdout: "" });
    const { size } = await stat(path.join(out, `${LARGE}.part`));
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(large.byteLength);
    server.faults.clear();
    expect(await cliMeanwhile(fetchInto())).toMatchObject({ status: 0 });
    await expectWhole();
    const last = server.asked.filter(({ host, url }) => host === "store" && url.includes(LARGE));
    expect(last.at(-1)?.range).toBe(`bytes=${size}-`);
  });

  it("takes a token from a file or from HF_TOKEN, and shows it nowhere", async () => {
    server = await startHubServer({ files, gatedFor: "hf_right" });
    const env = { ...process.env, HF_TOKEN: "" };
    const without = await cliMeanwhile(fetchInto(), { env });
    expect([without.status, without.stdout]).toEqual([2, ""]);
    expect(without.stderr).toMatch(/is given to those who accept its licence/);

    const file = path.join(folder, "token.txt");
    await writeFile(file, "hf_right\n");
    const given = await cliMeanwhile(fetchInto("--token-file", file), { env });
    expect(given).toMatchObject({ status: 0 });
    await expectWhole();
    await rm(out, { recursive: true });
    const wrong = await cliMeanwhile(fetchInto(), { env: { ...env, HF_TOKEN: "hf_wrong" } });
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/is not given to the owner of this access token/);
    expect(given.stdout + given.stderr + wrong.stderr).not.toMatch(/hf_(right|wrong)/);
    const ofStore = server.asked.filter(({ host }) => host === "store");
    expect(ofStore.filter(({ authorization }) => authorization !== null)).toEqual([]);
  });

  it("throws a wrong file away, keeps the others, and never writes over another file", async () => {
    server = await startHubServer({ files });
    server.faults.set(LARGE, { kind: "wrong", times: 1 });
    const wrong = await cliMeanwhile(fetchInto());
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain(`"${LARGE}" of "studio/nano" is not what its repository says`);
    expect((await stat(path.join(out, `${LARGE}.part`))).size).toBe(0);
    await writeFile(path.join(out, LARGE), "mine");
    const mine = await cliMeanwhile(fetchInto());
    expect(mine.status).toBe(2);
    expect(mine.stderr.trim().split("\n").at(-1)).toMatch(/is there already and is another file/);
    expect(await readFile(path.join(out, LARGE), "utf8")).toBe("mine");
  });

  it.each<[string, (address: string) => string[], RegExp]>([
    ["no folder", (s) => ["studio/nano", "--server", s], /^--out is missing: name the folder/],
    ["a word", (s) => ["nano", "--out", "x", "--server", s], /^"nano" names no repository/],
    ["an unknown model", (s) => ["studio/no", "--out", "O", "--server", s], /no public model/],
    [
      "another revision",
      (s) => ["studio/nano", "--out", "O", "--server", s, "--revision", "v9"],
      /has no revision "v9"/,
    ],
    [
      "a token that is not there",
      (s) => ["studio/nano", "--out", "O", "--server", s, "--token-file", "/nowhere/token"],
      /^The access token cannot be read/,
    ],
  ])("refuses %s in one sentence", async (_, parameters, sentence) => {
    server = await startHubServer({ files });
    const given = parameters(server.address).map((text) => (text === "O" ? out : text));
    const env = { ...process.env, HF_TOKEN: "" };
    const { status, stdout, stderr } = await cliMeanwhile(["fetch", ...given], { env });
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([status, stdout]).toEqual([2, ""]);
  });
});
