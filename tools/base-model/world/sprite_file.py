"""The sprite file: sprites.bin (WebP pictures in a row) and sprites.json (what and where)."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from world.vocabulary import HELD_OUT, PHOTO_SOURCE

DECODING_THREADS = 16


@dataclass(frozen=True)
class Sprite:
    """One cut-out picture: the thing's Unicode emoji name and the picture set it comes from."""

    name: str
    source: str

    @property
    def is_held_out(self) -> bool:
        return self.source == PHOTO_SOURCE and self.name in HELD_OUT


def read_index(folder: Path, held_out: bool = False) -> dict[int, Sprite]:
    """The sprites for training, or only the held-out ones, by their number in the file."""
    index = _read_json(folder)
    sprites = (Sprite(row["name"], row["src"]) for row in index["rows"])
    return {i: sprite for i, sprite in enumerate(sprites) if sprite.is_held_out == held_out}


def read_pictures(folder: Path, numbers: list[int]) -> Tensor:
    """The pictures with the given numbers, uint8 RGBA [n, 4, 256, 256]."""
    offsets = _read_json(folder)["offsets"]
    data = (folder / "sprites.bin").read_bytes()

    def decode(number: int) -> np.ndarray:
        picture = Image.open(io.BytesIO(data[offsets[number] : offsets[number + 1]]))
        return np.asarray(picture.convert("RGBA"))

    with ThreadPoolExecutor(DECODING_THREADS) as pool:
        pictures = list(pool.map(decode, numbers))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def _read_json(folder: Path) -> dict:
    path = folder / "sprites.json"
    if not path.exists():
        raise SystemExit(
            f"{path} is missing: build the sprites as README.md says, or name their folder "
            "with --sprites."
        )
    return json.loads(path.read_text())
