/** @file Atomic writing, also where the system really refuses: a limit on the size of files, a folder that is read-only. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkWritable, writeError, writeFileAtomically } from "./write-file.ts";

let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-write-"));
  // A child that has given up its rights still has to reach it.
  await chmod(folder, 0o755);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly code?: string;
  readonly message?: string;
}

/** Starting a process takes a second, and more where others compute. */
const CHILD = { timeout: 60_000 };

/** Writes a megabyte to `file` in another process, after `prelude`; what came of it. */
function writeInChild(file: string, limit: string, prelude = ""): Outcome {
  const program = `
    import { writeFileAtomically } from ${JSON.stringify(new URL("write-file.ts", import.meta.url).href)};
    ${prelude}
    const outcome = await writeFileAtomically(${JSON.stringify(file)}, new Uint8Array(1e6)).then(
      () => ({}),
      ({ code, message }) => ({ code, message }),
    );
    console.log(JSON.stringify(outcome));
  `;
  const { status, stdout, stderr } = spawnSync(
    "sh",
    [
      "-c",
      `${limit} exec "$0" --import tsx --input-type=module -e "$1"`,
      process.execPath,
      program,
    ],
    { encoding: "utf8", cwd: path.join(import.meta.dirname, "../../..") },
  );
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Outcome;
}

describe("writeFileAtomically", () => {
  it("writes a new file and replaces an old one", async () => {
    const file = path.join(folder, "a.bin");
    await writeFileAtomically(file, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(file))]).toEqual([1, 2, 3]);
    await writeFileAtomically(file, "text");
    expect(await readFile(file, "utf8")).toBe("text");
    expect(await readdir(folder)).toEqual(["a.bin"]);
  });

  it(
    "keeps the old file, and nothing else, where the new one is too large to be written",
    CHILD,
    async () => {
      const file = path.join(folder, "a.bin");
      await writeFile(file, "old");
      expect(writeInChild(file, "")).toEqual({});
      await writeFile(file, "old");
      // 100 blocks of 512 or, in some shells, 1024 bytes: less than the megabyte.
      expect(writeInChild(file, "ulimit -f 100;")).toEqual({
        code: "invalid-input",
        message: `"${file}" was not written: it is larger than files may be there; choose another place.`,
      });
      expect(await readdir(folder)).toEqual(["a.bin"]);
      expect(await readFile(file, "utf8")).toBe("old");
    },
  );

  it("says where writing is not allowed", CHILD, async () => {
    const locked = path.join(folder, "locked");
    await mkdir(locked);
    await writeFile(path.join(locked, "a.bin"), "old");
    await chmod(locked, 0o555);
    // Permissions do not bind root, so the child becomes nobody.
    const becomeNobody = "if (process.getuid() === 0) process.setuid(65534);";
    expect(writeInChild(path.join(locked, "a.bin"), "", becomeNobody)).toEqual({
      code: "invalid-input",
      message: `"${path.join(locked, "a.bin")}" was not written: writing in "${locked}" is not allowed; choose another place.`,
    });
    await chmod(locked, 0o755);
    expect(await readdir(locked)).toEqual(["a.bin"]);
    expect(await readFile(path.join(locked, "a.bin"), "utf8")).toBe("old");
  });

  it("names a folder that is missing, and a file in place of a folder", async () => {
    await writeFile(path.join(folder, "file"), "old");
    for (const parent of ["nowhere", "file"].map((name) => path.join(folder, name))) {
      const file = path.join(parent, "a.bin");
      await expect(writeFileAtomically(file, "new")).rejects.toMatchObject({
        code: "invalid-input",
        message: `"${file}" was not written: there is no folder "${parent}"; make it first.`,
      });
    }
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("replaces no folder and no device", async () => {
    await expect(writeFileAtomically(folder, "new")).rejects.toMatchObject({
      code: "invalid-input",
      message: `"${folder}" is a folder; choose the name of a file.`,
    });
    const device = path.join(folder, "null");
    await symlink("/dev/null", device);
    await expect(writeFileAtomically(device, "new")).rejects.toThrow("is not an ordinary file");
    expect(await readdir(folder)).toEqual(["null"]);
  });
});

describe("checkWritable", () => {
  it("leaves no trace, and refuses what writing would refuse", async () => {
    const file = path.join(folder, "a.bin");
    await writeFile(file, "old");
    await checkWritable(file);
    await checkWritable(path.join(folder, "b.bin"));
    expect(await readFile(file, "utf8")).toBe("old");
    await expect(checkWritable(folder)).rejects.toThrow("is a folder");
    await expect(checkWritable(path.join(folder, "nowhere", "a.bin"))).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("there is no folder") as string,
    });
    expect(await readdir(folder)).toEqual(["a.bin"]);
  });
});

describe("writeError", () => {
  it.each([
    [{ code: "ENOSPC" }, "the disk is full; free some space or choose another place."],
    [
      { code: "Unknown system error", errno: -constants.errno.EDQUOT },
      "the disk quota is used up; free some space.",
    ],
    [{ code: "EROFS" }, `writing in "/data" is not allowed; choose another place.`],
    [{ code: "EIO" }, "what the system said."],
  ])("puts %o into a sentence", (properties, sentence) => {
    const cause = Object.assign(new Error("what the system said"), properties);
    const error = writeError("/data/a.bin", cause);
    expect(error).toMatchObject({ code: "invalid-input", cause });
    expect(error.message).toBe(`"/data/a.bin" was not written: ${sentence}`);
  });
});
