/** @file The tokenizer.json that older exports lack, from the two files that every CLIP tokenizer has. */
import { StudioError } from "../errors.ts";

const START = "<|startoftext|>";
const END = "<|endoftext|>";

/**
 * What transformers writes when it turns CLIP's tokenizer of vocab.json and merges.txt into a fast one.
 * @throws StudioError "model-corrupt" where the two files are not those of a CLIP tokenizer
 */
export function clipTokenizerJson(vocabJson: string, mergesText: string): unknown {
  const vocab = readVocabulary(vocabJson);
  const start = vocab[START];
  const end = vocab[END];
  // The file's first line is its version.
  const merges = mergesText
    .split(/\r?\n/)
    .slice(1)
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(" "));
  if (start === undefined || end === undefined || merges.some((pair) => pair.length !== 2)) {
    throw new StudioError(
      "model-corrupt",
      "The model's tokenizer/vocab.json and merges.txt are not those of a CLIP tokenizer; fetch or export the model again.",
    );
  }
  const mark = (id: number, content: string) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const byteLevel = { type: "ByteLevel", trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [mark(start, START), mark(end, END)],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        {
          type: "Split",
          pattern: {
            Regex:
              "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
          },
          behavior: "Removed",
          invert: true,
        },
        { ...byteLevel, add_prefix_space: false },
      ],
    },
    post_processor: {
      type: "RobertaProcessing",
      sep: [END, end],
      cls: [START, start],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { ...byteLevel, add_prefix_space: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: END,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

function readVocabulary(json: string): Readonly<Record<string, number>> {
  const value = parse(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const ids = Object.entries(value as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    ids.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
