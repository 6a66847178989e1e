"""The tokenizer: CLIP's byte-level BPE learned from captions of the world, and its use.

    python tokenizer.py --sprites FOLDER --out RUN      writes RUN/tokenizer

Any text tokenises, because every byte is a token; common words of the world are one token each.
"""

import argparse
import json
import random
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from world.captions import draw_plans, words_for
from world.sprite_file import read_index
from world.vocabulary import HELD_OUT

MAX_TOKENS = 77
START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
CLIP_WORDS = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""

CAPTION_SEED = 7
CAPTION_BATCHES = 60
CAPTIONS_PER_BATCH = 1000
HELD_OUT_REPEATS = 50
LEARNED_VOCABULARY = 2000
MINIMUM_FREQUENCY = 2


class CaptionTokenizer:
    """Turns captions into token ids [n, 77]: start, words, end, then padded with the end token."""

    def __init__(self, run: Path) -> None:
        path = run / "tokenizer" / "tokenizer.json"
        if not path.exists():
            raise SystemExit(f"{path} is missing: run tokenizer.py with --out {run} first.")
        self._tokenizer = Tokenizer.from_file(str(path))
        self.vocabulary_size = self._tokenizer.get_vocab_size()
        self.start_id = self._tokenizer.token_to_id(START)
        self.end_id = self._tokenizer.token_to_id(END)

    def __call__(self, captions: list[str]) -> Tensor:
        ids = torch.full((len(captions), MAX_TOKENS), self.end_id, dtype=torch.long)
        for row, encoding in enumerate(self._tokenizer.encode_batch(captions)):
            caption_ids = encoding.ids[:MAX_TOKENS]
            ids[row, : len(caption_ids)] = torch.tensor(caption_ids)
        return ids


def draw_captions(sprites: Path) -> list[str]:
    """The captions that the vocabulary is learned from."""
    rng = random.Random(CAPTION_SEED)
    training_sprites = list(read_index(sprites).values())
    words = [words_for(sprite.name) for sprite in training_sprites]
    by_source: dict[str, list[int]] = {}
    for i, sprite in enumerate(training_sprites):
        by_source.setdefault(sprite.source, []).append(i)
    captions = []
    for _ in range(CAPTION_BATCHES):
        captions += [plan.caption for plan in draw_plans(rng, CAPTIONS_PER_BATCH, by_source, words)]
        # World.sample draws a background after each batch of captions, here from one a kind.
        # The same draws keep the stream, and so the vocabulary, of the shipped tokenizer.
        for _ in range(CAPTIONS_PER_BATCH):
            rng.randrange(1)
    for name in sorted(HELD_OUT):
        captions += [name] * HELD_OUT_REPEATS
    return captions


def learn(captions: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Learn the merges; returns the vocabulary in CLIP's order and the merges.

    CLIP's order is: bytes, bytes that end a word, merges, start, end.
    """
    tokenizer = Tokenizer(
        models.BPE(
            continuing_subword_prefix="",
            end_of_word_suffix=WORD_END,
            fuse_unk=False,
            unk_token=END,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLIP_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=LEARNED_VOCABULARY,
        min_frequency=MINIMUM_FREQUENCY,
        initial_alphabet=alphabet,
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    tokenizer.train_from_iterator([c.replace("'", " ' ") for c in captions], trainer)
    learned = json.loads(tokenizer.to_str())["model"]["merges"]
    merges = [tuple(m.split()) if isinstance(m, str) else tuple(m) for m in learned]

    tokens = alphabet + [byte + WORD_END for byte in alphabet]
    tokens += [left + right for left, right in merges] + [START, END]
    vocabulary: dict[str, int] = {}
    for token in tokens:
        vocabulary.setdefault(token, len(vocabulary))
    return vocabulary, merges


def save(vocabulary: dict[str, int], merges: list[tuple[str, str]], folder: Path) -> None:
    """Write vocab.json, merges.txt, tokenizer.json and tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary_path, merges_path = folder / "vocab.json", folder / "merges.txt"
    vocabulary_path.write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2"] + [" ".join(merge) for merge in merges]
    merges_path.write_text("\n".join(lines) + "\n")
    tokenizer = CLIPTokenizer(
        vocab=str(vocabulary_path), merges=str(merges_path), model_max_length=MAX_TOKENS
    )
    tokenizer.save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn the tokenizer from captions.")
    parser.add_argument("--sprites", type=Path, required=True, help="folder of sprites.json")
    parser.add_argument("--out", type=Path, required=True, help="run folder; gets tokenizer/")
    options = parser.parse_args()
    captions = draw_captions(options.sprites)
    vocabulary, merges = learn(captions)
    save(vocabulary, merges, options.out / "tokenizer")
    print(f"{len(captions)} captions, {len(set(captions))} of them different")
    print(f"{len(vocabulary)} tokens, {len(merges)} merges")


if __name__ == "__main__":
    main()
