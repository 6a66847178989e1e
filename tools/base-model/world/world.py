"""The world: renders captioned pictures in batches on a torch device.

Run it to look at what the models learn from:
    python -m world.world --sprites FOLDER --out sheet.png
"""

import argparse
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from world import backgrounds
from world.canvas import Canvas
from world.captions import PAIR_PROBABILITY, Plan, draw_plans, words_for
from world.compositing import Placement, add_layer
from world.sprite_file import read_index, read_pictures
from world.vocabulary import BACKGROUND_KINDS, COLORS, FLOATING_SCENES, PLAIN

# Backgrounds are painted this many at a time, and reused: a bank is built before sampling.
BACKGROUND_BATCH = 64
SCENES_PER_PLAIN = 8
MINIMUM_PLAIN = 4

BRIGHTNESS_SPREAD = 0.06
TINT_AMOUNT = 0.85
PAIR_OFFSET = 0.47


class World:
    """Sprites, backgrounds and the two generators that a seed sets.

    `rng` draws captions and `generator` draws pixels, so captions do not depend on the device.
    """

    def __init__(
        self,
        sprites: Path,
        device: str = "cpu",
        size: int = 256,
        seed: int = 0,
        held_out: bool = False,
    ) -> None:
        self.device = device
        self.size = size
        self.rng = random.Random(seed)
        self.generator = torch.Generator(device=device).manual_seed(seed)
        self.canvas = Canvas(device, size, self.generator)
        index = read_index(sprites, held_out)
        self.sprites = list(index.values())
        self.pictures = read_pictures(sprites, list(index)).to(device)
        self.words = [words_for(sprite.name) for sprite in self.sprites]
        self.by_source: dict[str, list[int]] = {}
        for i, sprite in enumerate(self.sprites):
            self.by_source.setdefault(sprite.source, []).append(i)

    def keep_only(self, names: Iterable[str], sources: Iterable[str]) -> None:
        """Restrict the things that are drawn to these names and picture sets."""
        kept_names, kept_sources = set(names), set(sources)
        unknown = kept_names - {sprite.name for sprite in self.sprites}
        if unknown:
            raise ValueError(f"The sprite file has no {', '.join(sorted(unknown))}.")
        self.by_source = {
            source: [i for i in members if self.sprites[i].name in kept_names]
            for source, members in self.by_source.items()
            if source in kept_sources
        }

    def build_bank(self, per_scene: int) -> None:
        """Paint the backgrounds that `sample` reuses: `per_scene` of each scene, uint8."""
        self.bank_range: dict[str, tuple[int, int]] = {}
        batches, start = [], 0
        for kind in BACKGROUND_KINDS:
            count = per_scene
            if kind.startswith(PLAIN):
                count = max(MINIMUM_PLAIN, per_scene // SCENES_PER_PLAIN)
            self.bank_range[kind] = (start, count)
            start += count
            for done in range(0, count, BACKGROUND_BATCH):
                n = min(BACKGROUND_BATCH, count - done)
                image = backgrounds.paint(self.canvas, kind, n)
                batches.append((image.clamp(0, 1) * 255).to(torch.uint8))
        self.bank = torch.cat(batches)

    def sample(
        self,
        n: int,
        sources: Sequence[str] | None = None,
        pair_probability: float = PAIR_PROBABILITY,
        only: Sequence[int] | None = None,
    ) -> tuple[Tensor, list[str], Tensor]:
        """Render n pictures; the arguments restrict what is drawn (see `draw_plans`).

        Returns the images [n, 3, size, size] in [-1, 1], the captions, and the masks of the
        first thing of each picture [n, 1, size, size] in [0, 1].
        """
        plans = draw_plans(self.rng, n, self.by_source, self.words, sources, pair_probability, only)
        image = self._draw_backgrounds(plans)
        first, second = self._draw_placements(plans)
        image, mask = add_layer(self.canvas, image, self.pictures, first)
        if second is not None:
            pairs = torch.nonzero(self._tensor([plan.is_pair for plan in plans])).flatten()
            both, _ = add_layer(self.canvas, image[pairs], self.pictures, second)
            image = image.index_copy(0, pairs, both)
        return image.clamp(0, 1) * 2 - 1, [plan.caption for plan in plans], mask

    def _tensor(self, values: Sequence) -> Tensor:
        return torch.tensor(values, device=self.device, dtype=torch.float32)

    def _draw_backgrounds(self, plans: list[Plan]) -> Tensor:
        """Backgrounds from the bank, half of them mirrored, brightness varied."""
        n = len(plans)
        ranges = [self.bank_range[plan.background] for plan in plans]
        numbers = [start + self.rng.randrange(count) for start, count in ranges]
        image = self.bank[torch.tensor(numbers, device=self.device)].float() / 255
        mirrored = (self.canvas.random(n) < 0.5)[:, None, None, None]
        image = torch.where(mirrored, image.flip(-1), image)
        return image * (1 + BRIGHTNESS_SPREAD * self.canvas.normal(n, 1, 1, 1))

    def _draw_placements(self, plans: list[Plan]) -> tuple[Placement, Placement | None]:
        """Where the things stand: the first of every picture, the second of the pairs."""
        n, canvas = len(plans), self.canvas
        is_floating = [
            plan.background in FLOATING_SCENES or plan.background.startswith(PLAIN)
            for plan in plans
        ]
        floating, scale = self._tensor(is_floating), self._tensor([p.scale for p in plans])
        is_pair = self._tensor([plan.is_pair for plan in plans])
        # Nothing uses these numbers; the draw stays because a seed's pictures depend on it.
        canvas.uniform(n)
        x = torch.where(
            is_pair > 0,
            -PAIR_OFFSET * torch.ones_like(scale),
            canvas.uniform(n, -1, 1) * (0.92 - scale).clamp(min=0.04),
        )
        y = torch.where(
            floating > 0,
            canvas.uniform(n, -1, 1) * (0.85 - scale).clamp(min=0.04),
            (0.78 - scale + canvas.uniform(n, -0.15, 0.12)).clamp(-0.1, 0.6),
        )
        first = Placement(
            sprite=torch.tensor([plan.first for plan in plans], device=self.device),
            scale=scale,
            x=x,
            y=y,
            rotation=canvas.uniform(n, -0.22, 0.22) * (1 + floating),
            mirror=self._draw_mirrors(n),
            tint=self._tensor([COLORS[plan.tint or "red"] for plan in plans])[:, :, None, None],
            tint_amount=self._tensor([TINT_AMOUNT if plan.tint else 0.0 for plan in plans])[
                :, None, None, None
            ],
            shadow=1 - floating,
        )
        pairs = torch.nonzero(is_pair).flatten()
        if len(pairs) == 0:
            return first, None
        second = Placement(
            sprite=torch.tensor([plan.second for plan in plans], device=self.device)[pairs],
            scale=scale[pairs],
            x=-x[pairs],
            y=y[pairs] + canvas.uniform(len(pairs), -0.05, 0.05),
            rotation=canvas.uniform(len(pairs), -0.2, 0.2),
            mirror=self._draw_mirrors(len(pairs)),
            tint=first.tint[pairs],
            tint_amount=torch.zeros(len(pairs), 1, 1, 1, device=self.device),
            shadow=first.shadow[pairs],
        )
        return first, second

    def _draw_mirrors(self, n: int) -> Tensor:
        """1 or -1 with equal probability, [n]."""
        return torch.where(self.canvas.uniform(n) < 0.5, 1.0, -1.0)


def save_sheet(images: Tensor, path: Path, columns: int = 8) -> None:
    """Save images [n, 3, h, w] in [-1, 1] as one picture with that many columns."""
    pixels = ((images.float().clamp(-1, 1) + 1) * 127.5).byte().permute(0, 2, 3, 1).cpu()
    blank = torch.zeros_like(pixels[:1])
    rows = []
    for start in range(0, len(pixels), columns):
        row = list(pixels[start : start + columns])
        row += list(blank) * (min(columns, len(pixels)) - len(row))
        rows.append(torch.cat(row, 1))
    Image.fromarray(torch.cat(rows).numpy()).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Save a sheet of captioned pictures.")
    parser.add_argument("--sprites", type=Path, required=True, help="folder of sprites.bin")
    parser.add_argument("--out", type=Path, required=True, help="picture file to write")
    parser.add_argument("--count", type=int, default=24, help="how many pictures")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    world = World(options.sprites, seed=options.seed)
    world.build_bank(4)
    images, captions, _ = world.sample(options.count)
    save_sheet(images, options.out)
    print("\n".join(captions))


if __name__ == "__main__":
    main()
