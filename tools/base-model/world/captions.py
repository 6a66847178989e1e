"""Captions: which words a sprite answers to, and how a caption with its plan is drawn."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from world.vocabulary import (
    ALL_SOURCES,
    COLORS,
    NOUNS,
    PLAIN,
    SCENES,
    STYLE,
    UNTINTED,
)

PAIR_PROBABILITY = 0.2
SCENE_PROBABILITY = 0.72
TINT_PROBABILITY = 0.12
FAR_PROBABILITY = 0.12
ZOOM_PROBABILITY = 0.12
ARTICLE_PROBABILITY = 0.9
SIZE_WORDS_PROBABILITY = 0.8
PLAIN_WORDS_PROBABILITY = 0.85
SCENE_WORDS_PROBABILITY = 0.92

# Half the height of a thing as a share of half the height of the picture.
PAIR_SCALE = (0.3, 0.45)
FAR_SCALE = (0.2, 0.38)
ZOOM_SCALE = (0.85, 1.15)
USUAL_SCALE = (0.42, 0.82)


@dataclass(frozen=True)
class Plan:
    """What one picture shows, and the caption that says so.

    `first` and `second` are sprite indices; `second` is painted only if `is_pair`. `scale` is
    half the height of each thing as a share of half the height of the picture.
    """

    caption: str
    background: str
    first: int
    second: int
    is_pair: bool
    scale: float
    tint: str | None


def words_for(name: str) -> list[str]:
    """The words a caption may use for the thing `name`; repeats make a word more likely."""
    base = re.sub(r" face$", "", name)
    base = base.replace("front-facing ", "").replace("oncoming ", "").replace("’", "'").lower()
    base = re.sub(r" (done|not done|tilted left|tilted right|with arrow)$", "", base)
    nouns = [noun for noun, names in NOUNS.items() if name in names.split(",")]
    words = [base, base] + nouns * 2
    is_compound = len(base.split()) > 1 and " with" not in base and " of " not in base
    if is_compound and not nouns:
        words.append(base.split()[-1])
    return words


def draw_plans(
    rng: random.Random,
    count: int,
    sprites_by_source: dict[str, list[int]],
    words: Sequence[Sequence[str]],
    sources: Sequence[str] | None = None,
    pair_probability: float = PAIR_PROBABILITY,
    only: Sequence[int] | None = None,
) -> list[Plan]:
    """Draw `count` plans. `words[i]` are the words for sprite i (see `words_for`).

    `sources` are the picture sets to draw from, with repeats as weights; `only` restricts the
    first thing of each picture to the given sprite indices.
    """
    present = [s for s in sources or ALL_SOURCES if s in sprites_by_source]
    return [
        _draw_plan(rng, present, sprites_by_source, words, pair_probability, only)
        for _ in range(count)
    ]


def _draw_plan(
    rng: random.Random,
    sources: Sequence[str],
    sprites_by_source: dict[str, list[int]],
    words: Sequence[Sequence[str]],
    pair_probability: float,
    only: Sequence[int] | None,
) -> Plan:
    # The order of the draws is fixed: it is what makes a seed mean the same captions.
    source = rng.choice(sources)
    first = rng.choice(only or sprites_by_source[source])
    if rng.random() < SCENE_PROBABILITY:
        background = rng.choice(list(SCENES))
    else:
        background = PLAIN + rng.choice(list(COLORS))
    second = rng.choice(sprites_by_source[source])
    is_pair = rng.random() < pair_probability
    tint = None
    if rng.random() < TINT_PROBABILITY:
        tint = rng.choice([color for color in COLORS if color not in UNTINTED])
    scale = _draw_scale(rng, is_pair)

    thing = _draw_thing(rng, rng.choice(words[first]), tint)
    if is_pair:
        other = rng.choice(words[second])
        thing += rng.choice((" and ", " and ", " next to ")) + _article(other) + other
    caption = f"{rng.choice(STYLE[source])} {thing}".strip()
    if not is_pair:
        caption = _size_words(rng, scale) + caption
    caption += _background_words(rng, background)
    return Plan(caption, background, first, second, is_pair, scale, tint)


def _draw_scale(rng: random.Random, is_pair: bool) -> float:
    if is_pair:
        return rng.uniform(*PAIR_SCALE)
    if rng.random() < FAR_PROBABILITY:
        return rng.uniform(*FAR_SCALE)
    if rng.random() < ZOOM_PROBABILITY:
        return rng.uniform(*ZOOM_SCALE)
    return rng.uniform(*USUAL_SCALE)


def _article(word: str) -> str:
    return "an " if word[0] in "aeiou" else "a "


def _draw_thing(rng: random.Random, word: str, tint: str | None) -> str:
    article = _article(word) if rng.random() < ARTICLE_PROBABILITY else ""
    if tint is None:
        return article + word
    return rng.choice(("a ", "a ", "one ", "the ")) + f"{tint} {word}"


def _size_words(rng: random.Random, scale: float) -> str:
    """Words before the caption of a thing that is small or fills the picture."""
    if scale < FAR_SCALE[1]:
        phrases = ("a far away ", "very small ", "")
    elif scale > ZOOM_SCALE[0]:
        phrases = ("zoomed in ", "close up ", "")
    else:
        return ""
    return rng.choice(phrases) if rng.random() < SIZE_WORDS_PROBABILITY else ""


def _background_words(rng: random.Random, background: str) -> str:
    if background.startswith(PLAIN):
        if rng.random() >= PLAIN_WORDS_PROBABILITY:
            return ""
        color = background.removeprefix(PLAIN)
        on = f" on a {color} background"
        return rng.choice((on, f", {color} background", on))
    if rng.random() >= SCENE_WORDS_PROBABILITY:
        return ""
    return " " + rng.choice(SCENES[background])
