"""Choose the token that a new word V* starts from: a vocabulary entry that means nothing yet.

Custom Diffusion starts V* from a rarely used token. Here "rare" can be decided instead of guessed:

1. A token is a candidate when it is a whole word of three or more letters ("abc</w>"), when the
   tokenizer splits that word into this one token, and when none of 100,000 captions of the training
   world uses it. Such tokens exist because byte-pair merging keeps the steps on the way to longer
   words. Their rows never had a gradient: they are the initial noise, shrunk a little by weight
   decay, and their norms agree within a few per cent.
2. The chosen one is the candidate whose row norm is nearest to the median norm of all unused rows,
   the most typical piece of initial noise. Ties go to the lower id.
3. It must be further than three standard deviations (of unused norms) from the median norm of used
   rows; otherwise the captions above do not describe this model, and the choice is refused.
"""

import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

sys.path.append(str(Path(__file__).parent / "base-model"))
from world.captions import draw_plans, words_for  # noqa: E402
from world.sprite_file import read_index  # noqa: E402

CAPTIONS = 100_000
CAPTION_SEED = 7
END_OF_WORD = "</w>"
MIN_LETTERS = 3


@dataclass(frozen=True)
class RareToken:
    """The choice, and the norms that explain it."""

    token: str
    id: int
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


def choose(tokenizer: Tokenizer, embeddings: np.ndarray, sprites: Path) -> RareToken:
    """Apply the rule above. `embeddings` [V, E] is the token embedding table."""
    used = {i for line in tokenizer.encode_batch(sorted(captions(sprites))) for i in line.ids}
    norms = np.linalg.norm(embeddings.astype(np.float64), axis=1)
    unused = [i for i in range(len(norms)) if i not in used]
    typical, spread = float(np.median(norms[unused])), float(np.std(norms[unused]))
    trained = float(np.median(norms[sorted(used)]))
    candidates = [i for i in unused if is_whole_word(tokenizer, i)]
    if not candidates:
        raise ValueError("every whole-word token of this tokenizer occurs in the captions")
    best = min(candidates, key=lambda i: (abs(norms[i] - typical), i))
    if abs(norms[best] - trained) < 3 * spread:
        raise ValueError(
            f"the unused rows have norm {typical:.3f} and the used ones {trained:.3f}: "
            "these captions are not what this model was trained on"
        )
    token = tokenizer.id_to_token(best)
    return RareToken(token, best, float(norms[best]), typical, trained, len(candidates))


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
