"""Custom Diffusion's augmented views of photos in PyTorch, as src/core/image/augment.ts makes them."""

import random
from dataclasses import dataclass

import torch
from torch.nn import functional

STRIDE = 8  # pixels a latent
FAR = ["a far away ", "very small "]
NEAR = ["zoomed in ", "close up "]


@dataclass(frozen=True)
class View:
    """picture [1,3,n,n] in [-1,1]; mask [n/8,n/8], ones where the loss counts; prefix of the prompt."""

    picture: torch.Tensor
    mask: torch.Tensor
    prefix: str


def resized(picture: torch.Tensor, size: int) -> torch.Tensor:
    return functional.interpolate(
        picture, size=(size, size), mode="bicubic", antialias=True
    ).clamp(-1, 1)


def view(photo: torch.Tensor, rng: random.Random) -> View:
    """One view of a square photo [1,3,n,n]: as it is, small on grey, or enlarged and cut."""
    size = photo.shape[-1]
    mirrored = photo.flip(-1) if rng.random() < 0.5 else photo
    near = rng.random() >= 2 / 3
    scale = (
        rng.randint(int(1.2 * size), int(1.4 * size) - 1) if near else rng.randint(size // 3, size)
    )
    scale += scale % 2
    side = size // STRIDE
    if near:
        top, left = rng.randint(0, scale - size), rng.randint(0, scale - size)
        cut = resized(mirrored, scale)[..., top : top + size, left : left + size]
        return View(cut, torch.ones(side, side), rng.choice(NEAR))
    if scale >= 0.6 * size:
        return View(mirrored, torch.ones(side, side), "")
    top, left = rng.randint(0, size - scale), rng.randint(0, size - scale)
    canvas = torch.zeros_like(photo)
    canvas[..., top : top + scale, left : left + scale] = resized(mirrored, scale)
    mask = torch.zeros(side, side)
    mask[eroded(top, scale), eroded(left, scale)] = 1
    return View(canvas, mask, rng.choice(FAR))


def eroded(start: int, scale: int) -> slice:
    """Latent pixels under `scale` pixels from `start`, without the first and the last."""
    return slice(start // STRIDE + 1, (start + scale) // STRIDE - 1)
