/** @file Ids, pasted addresses, revisions and servers as people give them. */
import { describe, expect, it } from "vitest";
import { HUGGING_FACE, modelPage, readModelAddress, readServer } from "./model-address.ts";

describe("a model's address", () => {
  it.each([
    ["owner/name", {}, "main", HUGGING_FACE],
    ["  owner/name.v1_5-x  ", {}, "main", HUGGING_FACE],
    ["owner.com/name", {}, "main", HUGGING_FACE],
    ["https://huggingface.co/owner/name", {}, "main", HUGGING_FACE],
    ["https://hf.co/owner/name/", {}, "main", HUGGING_FACE],
    ["huggingface.co/owner/name?library=diffusers", {}, "main", HUGGING_FACE],
    ["https://huggingface.co/owner/name/tree/fp16", {}, "fp16", HUGGING_FACE],
    ["https://huggingface.co/owner/name/tree/refs%2Fpr%2F1/unet", {}, "refs/pr/1", HUGGING_FACE],
    ["https://huggingface.co/owner/name/blob/main/README.md#use", {}, "main", HUGGING_FACE],
    ["https://huggingface.co/owner/name/tree/fp16", { revision: "onnx" }, "onnx", HUGGING_FACE],
    ["owner/name", { server: " Mirror.example/hf/ " }, "main", "https://mirror.example/hf"],
    [
      "https://huggingface.co/owner/name",
      { server: "https://mirror.example" },
      "main",
      "https://mirror.example",
    ],
    ["https://mirror.example/owner/name", {}, "main", "https://mirror.example"],
    ["http://127.0.0.1:8080/owner/name", {}, "main", "http://127.0.0.1:8080"],
  ])("%s %j", (repository, others, revision, server) => {
    const address = readModelAddress({ repository, ...others });
    expect(address.repository).toBe(address.repository.trim());
    expect(address.repository).toMatch(/^owner(\.com)?\/name/);
    expect(address).toMatchObject({ revision, server });
  });

  it.each([
    "",
    "name",
    "owner/",
    "owner/na me",
    "owner/name/more",
    "../name",
    "owner/..",
    "https://huggingface.co/owner",
    "ftp://x/owner/name",
  ])("%j names no repository", (repository) => {
    expect(() => readModelAddress({ repository })).toThrow(
      /names no repository; give it as owner\/name/,
    );
  });

  it.each(["a b", "../x", "x?y"])("%j is no revision", (revision) => {
    expect(() => readModelAddress({ repository: "owner/name", revision })).toThrow(
      /is no revision/,
    );
  });

  it("is shown as the page of the revision", () => {
    const address = readModelAddress({ repository: "owner/name" });
    expect(modelPage(address)).toBe("https://huggingface.co/owner/name");
    expect(modelPage({ ...address, revision: "refs/pr/1" })).toBe(
      "https://huggingface.co/owner/name/tree/refs%2Fpr%2F1",
    );
  });
});

describe("a server", () => {
  it("is taken in the clear only on this computer", () => {
    expect(readServer("http://localhost:3000/")).toBe("http://localhost:3000");
    expect(() => readServer("http://mirror.example")).toThrow(/is not encrypted/);
    expect(() => readServer("http://127.0.0.1.example")).toThrow(/is not encrypted/);
  });

  it.each(["a b", "https://", "https://user@host", "host?x"])("%j is none", (text) => {
    expect(() => readServer(text)).toThrow(/is no address of a server/);
  });
});
