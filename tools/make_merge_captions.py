"""Write the captions that a merge is kept true to, one a line.

    python tools/make_merge_captions.py --sprites FOLDER

public/models/toybox-256/captions.txt: 1,400 captions of the default model's world, half of them
about the 147 things that it was trained on last. FOLDER holds sprites.json, the list of things that
captions name.

public/captions/everyday.txt: 2,000 captions for other models, from the grammar of
everyday_captions.py.

tests/reference/captions-held-out.txt: 300 captions of the default model's world that are not in the
first list, to measure what a merge changes.

All lines of a file differ; their order is that of the draws.
"""

import argparse
import random
import sys
from collections.abc import Callable
from pathlib import Path

import everyday_captions

sys.path.append(str(Path(__file__).parent / "base-model"))
from world.captions import draw_plans, words_for  # noqa: E402
from world.sprite_file import Sprite, read_index  # noqa: E402
from world.vocabulary import ALL_SOURCES, NARROW_NAMES, NARROW_SOURCES  # noqa: E402

SEED = 23
TOYBOX, HELD_OUT, EVERYDAY = 1_400, 300, 2_000


def distinct(draw: Callable[[], str], count: int, taken: set[str]) -> list[str]:
    """`count` captions in the order they are drawn, none twice and none of `taken`, which grows."""
    captions = []
    while len(captions) < count:
        caption = draw()
        if caption not in taken:
            taken.add(caption)
            captions.append(caption)
    return captions


def of_world(sprites: list[Sprite], sources: list[str], seed: int) -> Callable[[], str]:
    """Draws one caption of the things in `sprites` at a time."""
    rng = random.Random(seed)
    by_source: dict[str, list[int]] = {}
    for i, sprite in enumerate(sprites):
        by_source.setdefault(sprite.source, []).append(i)
    words = [words_for(sprite.name) for sprite in sprites]
    return lambda: draw_plans(rng, 1, by_source, words, sources)[0].caption


def toybox(folder: Path, count: int, seed: int, taken: set[str]) -> list[str]:
    """Half of everything, half of what the last training saw, shuffled."""
    everything = list(read_index(folder).values())
    narrow = [
        sprite
        for sprite in everything
        if sprite.name in set(NARROW_NAMES) and sprite.source in NARROW_SOURCES
    ]
    captions = distinct(of_world(everything, ALL_SOURCES, seed), count // 2, taken)
    captions += distinct(of_world(narrow, NARROW_SOURCES, seed), count - count // 2, taken)
    random.Random(seed).shuffle(captions)
    return captions


def write(path: Path, captions: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{caption}\n" for caption in captions), encoding="utf-8")
    words = {word.strip(",.").lower() for caption in captions for word in caption.split()}
    print(f"{path}: {len(captions)} captions, {len(words)} different words")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sprites", type=Path, required=True)
    parser.add_argument("--root", type=Path, default=Path(), help="of the repository")
    args = parser.parse_args()
    taken: set[str] = set()
    write(args.root / "public/models/toybox-256/captions.txt", toybox(args.sprites, TOYBOX, SEED, taken))
    write(args.root / "tests/reference/captions-held-out.txt", toybox(args.sprites, HELD_OUT, SEED + 1, taken))
    cards = everyday_captions.Cards(SEED)
    everyday = distinct(lambda: everyday_captions.draw(cards), EVERYDAY, set())
    write(args.root / "public/captions/everyday.txt", everyday)


if __name__ == "__main__":
    main()
