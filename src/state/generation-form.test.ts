/** @file The form's memory: kept over a reload, and never broken by what is found there. */
import { describe, expect, it } from "vitest";
import { createGenerationForm } from "./generation-form.ts";

function storageWith(text: string | null) {
  const values = new Map(text === null ? [] : [["studio-generate", text]]);
  return {
    values,
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value),
    removeItem: (name: string) => void values.delete(name),
  };
}

describe("the form of Generate", () => {
  it("starts with a prompt that works, and comes back as it was left", () => {
    const storage = storageWith(null);
    const form = createGenerationForm(() => storage);
    expect(form.getState()).toMatchObject({ prompt: "photo of a bear on the beach", steps: null });
    form.setState({ prompt: "a cat", steps: 4, strengths: { a: 0.5 } });
    const again = createGenerationForm(() => storageWith([...storage.values.values()][0]!));
    expect(again.getState()).toEqual(form.getState());
  });

  it.each([
    ["{"],
    ["null"],
    ['{"state":null,"version":1}'],
    ['{"state":{"steps":"many"},"version":1}'],
    ['{"state":{"seed":-1},"version":99}'],
  ])("starts afresh from %s", (text) => {
    const form = createGenerationForm(() => storageWith(text));
    expect(form.getState().prompt).toBe("photo of a bear on the beach");
  });

  it("takes what it knows from another version", () => {
    const text = '{"state":{"prompt":"a cat","colour":"red"},"version":2}';
    const form = createGenerationForm(() => storageWith(text));
    expect(form.getState()).toMatchObject({ prompt: "a cat", count: 1 });
    expect(form.getState()).not.toHaveProperty("colour");
  });
});
