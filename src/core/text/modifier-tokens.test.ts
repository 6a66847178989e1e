/** @file Prompts with modifier tokens get transformers' ids; badly written tokens and categories are refused. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StudioError } from "../errors.ts";
import { CLIP_TOKENS, ClipTokenizer } from "./clip-tokenizer.ts";
import {
  checkCategory,
  checkModifierToken,
  checkModifierTokens,
  knowsCategory,
  PromptTokenizer,
  removeModifierTokens,
  unknownTokens,
} from "./modifier-tokens.ts";

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));

const folder = "public/models/toybox-256/tokenizer";
const clip = new ClipTokenizer(
  json(`${folder}/tokenizer.json`),
  json(`${folder}/tokenizer_config.json`),
);
const golden = json("tests/reference/modifier-token-cases.json") as {
  readonly vocabulary: number;
  readonly modifier_tokens: readonly string[];
  readonly cases: readonly { prompt: string; ids: number[]; tokens: number }[];
};
const { vocabulary } = golden;

describe("against transformers, after add_tokens", () => {
  const tokenizer = new PromptTokenizer(clip, vocabulary, golden.modifier_tokens);
  it.each(golden.cases.map((test) => [test.prompt.slice(0, 70), test] as const))(
    "%j",
    (_, test) => {
      const { cut, ids, kept } = tokenizer.encode(test.prompt);
      expect([...ids]).toEqual(test.ids);
      expect(kept).toBe(Math.min(test.tokens, CLIP_TOKENS - 2));
      expect(cut === null).toBe(test.tokens <= CLIP_TOKENS - 2);
    },
  );

  it("gives modifier k the id after the vocabulary", () => {
    const { ids } = tokenizer.encode("<new11> <new1>");
    expect([...ids.subarray(1, 3)]).toEqual([vocabulary + 1, vocabulary]);
  });
});

describe("PromptTokenizer", () => {
  const tokenizer = new PromptTokenizer(clip, vocabulary, ["<new1>", "<new2>"]);

  it("says what was cut off, modifier tokens by name", () => {
    const { cut } = tokenizer.encode(`${"bear ".repeat(74)}<new1> beach, with a <NEW2> and snow`);
    expect(cut).toBe("beach, with a <new2> and snow");
    const only = tokenizer.encode("<new1>".repeat(CLIP_TOKENS - 2 + 3));
    expect(only.cut).toBe("<new1> <new1> <new1>");
  });

  it("without tokens is the plain tokenizer", () => {
    const plain = new PromptTokenizer(clip, vocabulary, []);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (prompt) => {
        expect(plain.encode(prompt)).toEqual(clip.encode(prompt.normalize("NFC")));
      }),
    );
  });

  it("finds every token of a prompt, whatever stands around it", () => {
    const noise = fc.array(fc.constantFrom("<", ">", " ", "a", "new1", "<new", "!", "1>"), {
      maxLength: 8,
    });
    const parts = fc.array(
      fc.oneof(
        fc.constant("<new2>"),
        noise.map((n) => n.join("")),
      ),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(parts, (words) => {
        const { ids } = tokenizer.encode(words.join(""));
        const count = words.join("").split("<new2>").length - 1;
        expect(ids.filter((id) => id === vocabulary + 1).length).toBe(count);
      }),
    );
  });

  it("refuses a token that the vocabulary has already", () => {
    const special = json(`${folder}/tokenizer.json`) as { added_tokens: object[] };
    const added = { ...special.added_tokens[0], id: vocabulary, content: "<new1>" };
    const known = new ClipTokenizer(
      { ...special, added_tokens: [...special.added_tokens, added] },
      json(`${folder}/tokenizer_config.json`),
    );
    expect(() => new PromptTokenizer(known, vocabulary + 1, ["<new1>"])).toThrow(
      "<new1> is in the model's vocabulary already",
    );
  });
});

describe("removeModifierTokens", () => {
  it.each([
    ["photo of a <new1> bear", "photo of a bear"],
    ["<new1> bear", "bear"],
    ["a bear like <New1>", "a bear like"],
    ["a <new1> <new2> bear", "a bear"],
    ["a bear\tand  a <new3> barn", "a bear\tand  a <new3> barn"],
    ["x<new1>y", "x y"],
    ["<new1>", ""],
    ["", ""],
  ])("%j becomes %j", (prompt, expected) => {
    expect(removeModifierTokens(prompt, ["<new1>", "<new2>"])).toBe(expected);
  });
});

describe("checkModifierToken", () => {
  it.each(["<new1>", "<a>", "<Plüsch-Bär>", "<🧸>", `<${"x".repeat(62)}>`])("takes %s", (token) => {
    expect(() => checkModifierToken(token)).not.toThrow();
  });

  it.each([
    ["bear", '"bear" is a word already; write the new word in angle brackets, like <bear>.'],
    ["42", "like <42>."],
    ["", '"" cannot be a new word'],
    ["<>", "cannot be a new word"],
    ["<new 1>", "without spaces"],
    ["<new1> ", "cannot be a new word"],
    ["<new1", "cannot be a new word"],
    ["<<new1>>", "cannot be a new word"],
    ["<a><b>", "cannot be a new word"],
    ["new1>", "cannot be a new word"],
    [`<${"x".repeat(63)}>`, "1 to 62 characters"],
    ["<\u0000>", '"<\\u0000>" cannot be'],
    ["<\u001b[2J>", '"<\\u001b[2J>" cannot be'],
    ["<\ud800>", "cannot be a new word"],
    ["<\u00a0>", "cannot be a new word"],
    ["<|startoftext|>", "is a mark of the tokenizer"],
    ["<|endoftext|>", "is a mark of the tokenizer"],
    ["two words", "cannot be a new word"],
  ])("refuses %j", (token, reason) => {
    expect(() => checkModifierToken(token)).toThrow(StudioError);
    expect(() => checkModifierToken(token)).toThrow(reason);
  });

  it("takes or refuses anything, and what it takes is found in a prompt", () => {
    const token = fc.oneof(
      fc.string({ unit: "binary", maxLength: 70 }),
      fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).map((inside) => `<${inside}>`),
    );
    fc.assert(
      fc.property(token, (candidate) => {
        try {
          checkModifierToken(candidate);
        } catch (error) {
          expect(error).toBeInstanceOf(StudioError);
          return;
        }
        const { ids, kept } = new PromptTokenizer(clip, vocabulary, [candidate]).encode(candidate);
        expect([kept, ids[1]]).toEqual([1, vocabulary]);
      }),
      { numRuns: 1000 },
    );
  });
});

it("refuses tokens that are equal to a prompt's reader", () => {
  expect(() => checkModifierTokens(["<new1>", "<new2>", "<New1>"])).toThrow(
    "The modifier token <New1> is given twice",
  );
  expect(() => checkModifierTokens(["<new1>", "bear"])).toThrow("is a word already");
});

describe("checkCategory", () => {
  it.each(["bear", "teddy bear", "Bär", "1", "🧸"])("takes %s", (category) => {
    expect(() => checkCategory(clip, category)).not.toThrow();
  });

  it.each(["", " ", "\t\n", "\u3000", "\u0000", "be\u0007ar", "bear\n", "\ud83e", "x".repeat(101)])(
    "refuses %j",
    (category) => {
      expect(() => checkCategory(clip, category)).toThrow(
        `${JSON.stringify(category.slice(0, 100))} is no category; say in a word or two what the photos show`,
      );
      expect(() => checkCategory(null, category)).toThrow(StudioError);
    },
  );

  it("takes nothing that gives no token", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 10 }), (category) => {
        try {
          checkCategory(clip, category);
        } catch {
          return true;
        }
        return clip.encode(category).kept > 0;
      }),
      { numRuns: 1000 },
    );
  });
});

describe("words that nobody knows", () => {
  it("are those in angle brackets that no concept has, each once, in any case", () => {
    expect(unknownTokens("a <new2>, <NEW1> and <new2>", ["<new1>"])).toEqual(["<new2>"]);
    expect(unknownTokens("<a><b> 1 < 2 > <c d>", [])).toEqual(["<a>", "<b>"]);
    expect(unknownTokens("photo of a bear", ["<new1>"])).toEqual([]);
  });

  it("are categories that the vocabulary has only in pieces", () => {
    expect(knowsCategory(clip, "bear")).toBe(true);
    expect(knowsCategory(clip, " teddy  bear ")).toBe(true);
    expect(knowsCategory(clip, "wugglebop")).toBe(false);
  });
});
