/** @file What the documents say about the project is still so. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import packageJson from "../package.json" with { type: "json" };

const root = path.dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

describe("docs/dependencies.md", () => {
  it("lists exactly the packages of package.json", () => {
    const firstCells = read("docs/dependencies.md").match(/^\| `[^|]+/gm) ?? [];
    const listed = firstCells.flatMap((cell) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    const wanted = Object.keys({ ...packageJson.dependencies, ...packageJson.devDependencies });
    expect(listed.sort()).toEqual(wanted.sort());
  });

  it("can rely on exact versions", () => {
    const versions = Object.values({ ...packageJson.dependencies, ...packageJson.devDependencies });
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe.each(["README.md", "ARCHITECTURE.md"])("%s", (file) => {
  it("names only scripts, files and folders that exist", () => {
    const text = read(file);
    const scripts = [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name = ""]) => name);
    for (const script of scripts) expect(packageJson.scripts).toHaveProperty([script]);
    const links = [...text.matchAll(/\]\(([^):]+)\)/g)].map(([, target = ""]) => target);
    const paths = [
      ...text.matchAll(/`((?:src|workers|tests|scripts|tools|public|docs)\/[\w./-]+)`/g),
    ];
    for (const target of [...links, ...paths.map(([, target = ""]) => target)]) {
      expect(existsSync(path.join(root, target)), target).toBe(true);
    }
  });
});
