/** @file Isolation headers are added where they are missing, and nothing else is touched. */
import { describe, expect, it } from "vitest";
import { isolationHeaders } from "../../scripts/isolation-headers.mjs";
import { isolated } from "./isolate.ts";

describe("isolated", () => {
  it("adds the headers that this project's servers send", async () => {
    const response = isolated(
      new Response("page", { status: 201, statusText: "Fine", headers: { "X-Own": "kept" } }),
    );
    expect(response).toMatchObject({ status: 201, statusText: "Fine" });
    expect(response.headers.get("x-own")).toBe("kept");
    for (const [name, value] of Object.entries(isolationHeaders)) {
      expect(response.headers.get(name)).toBe(value);
    }
    expect(await response.text()).toBe("page");
  });

  it("leaves a response alone that has them, and a server's own choice", () => {
    const whole = new Response("page", { headers: isolationHeaders });
    expect(isolated(whole)).toBe(whole);
    const own = new Response("", { headers: { "Cross-Origin-Embedder-Policy": "credentialless" } });
    expect(isolated(own).headers.get("cross-origin-embedder-policy")).toBe("credentialless");
  });

  it("leaves redirects to the browser", () => {
    const redirect = Response.error();
    expect(isolated(redirect)).toBe(redirect);
  });
});
