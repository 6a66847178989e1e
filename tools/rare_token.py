"""Choose the tokens that new words V* start from: vocabulary entries that mean nothing yet.

    python tools/rare_token.py --base FOLDER [--model public/models/toybox-256] [--sprites FOLDER]

writes the choices into the exported model's studio.json. `--base` is its diffusers folder.

Custom Diffusion starts V* from a rarely used token. Here "rare" can be decided instead of guessed:

1. A token is a candidate when it is a whole word of three or more letters ("abc</w>"), when the
   tokenizer splits that word into this one token, and when none of 100,000 captions of the training
   world uses it. Such tokens exist because byte-pair merging keeps the steps on the way to longer
   words. Their rows never had a gradient: they are the initial noise, shrunk a little by weight
   decay, and their norms agree within a few per cent. One that is further than three standard
   deviations from their median is left out.
2. The chosen ones, one for each concept that is trained together, are the candidates that the text
   encoder listens to most: in "photo of a ___ bear" (and
   cat, dog, ...), those that change the features of "bear" most, against an empty row. A word
   trains through what its neighbours make of it, and most pieces of noise are hardly heard: on the
   teddy bear, 200 steps from the most typical one ended at half the likeness (docs/training.md).
   Ties go to the lower id.
3. The median norm of unused rows must be further than three standard deviations from that of used
   rows; otherwise the captions above do not describe this model, and the choice is refused.
"""

import argparse
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import CLIPTextModel

sys.path.append(str(Path(__file__).parent / "base-model"))
from world.captions import draw_plans, words_for  # noqa: E402
from world.sprite_file import read_index  # noqa: E402

CAPTIONS = 100_000
CHOSEN = 8
"""Concepts that can be trained together before two start from one token."""
CAPTION_SEED = 7
END_OF_WORD = "</w>"
MIN_LETTERS = 3
CLASS_WORDS = ("bear", "cat", "dog", "car", "flower", "bag", "toy", "house")
BATCH = 64


@dataclass(frozen=True)
class RareToken:
    """The choice, and the numbers that explain it."""

    token: str
    id: int
    effect: float
    """Mean relative change of the class word's features."""
    median_effect: float
    """Of all candidates."""
    norm: float
    unused_norm: float
    used_norm: float
    candidates: int


def captions(sprites: Path) -> set[str]:
    """Distinct captions of the training world, nothing painted. `sprites` holds sprites.json."""
    index = list(read_index(sprites).values())
    by_source: dict[str, list[int]] = {}
    for i, sprite in enumerate(index):
        by_source.setdefault(sprite.source, []).append(i)
    words = [words_for(sprite.name) for sprite in index]
    plans = draw_plans(random.Random(CAPTION_SEED), CAPTIONS, by_source, words)
    return {plan.caption for plan in plans}


def choose(tokenizer: Tokenizer, encoder: CLIPTextModel, sprites: Path) -> list[RareToken]:
    """Apply the rule above; the best comes first."""
    table = encoder.get_input_embeddings().weight.detach().double().numpy()
    used = {i for line in tokenizer.encode_batch(sorted(captions(sprites))) for i in line.ids}
    norms = np.linalg.norm(table, axis=1)
    unused = [i for i in range(len(norms)) if i not in used]
    typical, spread = float(np.median(norms[unused])), float(np.std(norms[unused]))
    trained = float(np.median(norms[sorted(used)]))
    if abs(typical - trained) < 3 * spread:
        raise ValueError(
            f"the unused rows have norm {typical:.3f} and the used ones {trained:.3f}: "
            "these captions are not what this model was trained on"
        )
    candidates = [
        i
        for i in unused
        if is_whole_word(tokenizer, i) and abs(norms[i] - typical) <= 3 * spread
    ]
    if not candidates:
        raise ValueError("every whole-word token of this tokenizer occurs in the captions")
    effects = np.mean([effect(tokenizer, encoder, candidates, word) for word in CLASS_WORDS], axis=0)
    # A stable sort: ties go to the lower id.
    best = np.argsort(-effects, kind="stable")[:CHOSEN]
    return [
        RareToken(
            token=tokenizer.id_to_token(candidates[i]),
            id=candidates[i],
            effect=float(effects[i]),
            median_effect=float(np.median(effects)),
            norm=float(norms[candidates[i]]),
            unused_norm=typical,
            used_norm=trained,
            candidates=len(candidates),
        )
        for i in best
    ]


@torch.no_grad()
def effect(
    tokenizer: Tokenizer, encoder: CLIPTextModel, candidates: list[int], word: str
) -> np.ndarray:
    """[n] relative change of the features of `word` when a candidate stands before it, not nothing."""
    prompt = tokenizer.encode(f"photo of a {word}").ids
    end = prompt.index(tokenizer.encode(word, add_special_tokens=False).ids[0])
    length = encoder.config.max_position_embeddings
    embedding = encoder.get_input_embeddings()

    def features(rows: torch.Tensor) -> torch.Tensor:
        ids = [*prompt[:end], 0, *prompt[end:]]
        ids = torch.tensor([(ids + [prompt[-1]] * length)[:length]] * len(rows))
        # The row goes in where the placeholder stands: an empty one is no token's.
        hook = embedding.register_forward_hook(
            lambda _module, _inputs, output: output.index_copy(
                1, torch.tensor([end]), rows[:, None]
            )
        )
        try:
            return encoder(input_ids=ids).last_hidden_state[:, end + 1]
        finally:
            hook.remove()

    nothing = features(torch.zeros(1, embedding.embedding_dim))
    table = embedding.weight[torch.tensor(candidates)]
    heard = torch.cat([features(rows) for rows in table.split(BATCH)])
    return ((heard - nothing).norm(dim=1) / nothing.norm()).double().numpy()


def is_whole_word(tokenizer: Tokenizer, token_id: int) -> bool:
    """True for "abc</w>" when encoding the text "abc" gives exactly this token."""
    token = tokenizer.id_to_token(token_id)
    word = token.removesuffix(END_OF_WORD)
    if (
        word == token
        or len(word) < MIN_LETTERS
        or not (word.isascii() and word.isalpha() and word.islower())
    ):
        return False
    return tokenizer.encode(word, add_special_tokens=False).ids == [token_id]


def write_studio_record(base: Path, sprites: Path, out: Path) -> None:
    """studio.json in the folder `out`: the tokens that V* starts from, and why these."""
    encoder = CLIPTextModel.from_pretrained(
        base / "text_encoder", variant="fp16", dtype=torch.float32
    ).eval()
    tokenizer = Tokenizer.from_file(str(base / "tokenizer/tokenizer.json"))
    chosen = choose(tokenizer, encoder, sprites)
    record = {
        "version": 1,
        "initializerTokens": [{"token": token.token, "id": token.id} for token in chosen],
        "initializerTokensReason": "words that no training caption uses, so that their rows are initial "
        "noise; of all such words those that the text encoder listens to most",
    }
    (out / "studio.json").write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
    for token in chosen:
        print(f"V* starts from {token}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("public/models/toybox-256"))
    parser.add_argument("--sprites", type=Path)
    args = parser.parse_args()
    write_studio_record(args.base, args.sprites or args.base / "training", args.model)


if __name__ == "__main__":
    main()
