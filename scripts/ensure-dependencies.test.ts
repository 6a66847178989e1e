/** @file Which Node will do, and when packages have to be installed. */
import { describe, expect, it } from "vitest";
import { nodeComplaint, reasonToInstall } from "./ensure-dependencies.mjs";

describe("nodeComplaint", () => {
  it.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0"])("accepts %s", (version) => {
    expect(nodeComplaint(version)).toBeNull();
  });

  it.each(["18.20.4", "20.18.9", "8.0.0"])("refuses %s and names what it needs", (version) => {
    expect(nodeComplaint(version)).toContain(`Node ${version} is too old: install Node 20.19`);
  });
});

describe("reasonToInstall", () => {
  const wanted = {
    packages: {
      "": { version: "0.1.0" },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@scope/b": { version: "2.0.0" },
      "node_modules/for-another-platform": { version: "3.0.0", optional: true },
    },
  };
  const installed = {
    packages: {
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@scope/b": { version: "2.0.0" },
    },
  };

  it("is satisfied when all that is needed is there", () => {
    expect(reasonToInstall(wanted, installed)).toBeNull();
  });

  it("notices that nothing is installed", () => {
    expect(reasonToInstall(wanted, null)).toContain("no packages");
  });

  it("names a missing package", () => {
    const without = { packages: { "node_modules/a": { version: "1.0.0" } } };
    expect(reasonToInstall(wanted, without)).toBe("@scope/b is missing");
  });

  it("names a package of another version, optional ones too", () => {
    const other = { packages: { ...installed.packages, "node_modules/a": { version: "0.9.0" } } };
    expect(reasonToInstall(wanted, other)).toBe("a is 0.9.0, and the lock says 1.0.0");
    const optional = {
      packages: {
        ...installed.packages,
        "node_modules/for-another-platform": { version: "2.9.0" },
      },
    };
    expect(reasonToInstall(wanted, optional)).toContain("for-another-platform is 2.9.0");
  });
});
