"""Drawing primitives for batches of backgrounds: random numbers, noise, colours, sky, ground.

Images are [n, 3, size, size] with channels in [0, 1]; maps of one channel are [n, 1, size, size];
coordinates run from 0 at the top left to 1 at the bottom right.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Color = tuple[float, float, float]
ColorRange = tuple[Color, Color]

SKY_TOP: ColorRange = ((0.25, 0.5, 0.85), (0.45, 0.7, 1.0))
SKY_BOTTOM: ColorRange = ((0.7, 0.85, 0.95), (0.9, 0.95, 1.0))
CLOUD_OPACITY = 0.85
STAR_THRESHOLD = 0.9985


def blend(under: Tensor, over: Tensor | float, mask: Tensor) -> Tensor:
    """`under` where the mask is 0, `over` where it is 1."""
    return under * (1 - mask) + over * mask


class Canvas:
    """Draws `size` x `size` pixels on `device` with one seeded generator.

    The generator's stream defines the pictures of a seed: keep the order of the draws.
    """

    def __init__(self, device: str, size: int, generator: torch.Generator) -> None:
        self.device = device
        self.size = size
        self.generator = generator

    def random(self, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1)."""
        return torch.rand(*shape, generator=self.generator, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def uniform(self, n: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One uniform number a picture, [n]."""
        return self.random(n) * (high - low) + low

    def scalar(self, n: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One uniform number a picture, [n, 1, 1, 1]."""
        return self.uniform(n, low, high)[:, None, None, None]

    def horizon(self, n: int, low: float = 0.42, high: float = 0.62) -> Tensor:
        """Heights of a horizon, [n, 1, 1, 1]."""
        return self.scalar(n, low, high)

    def color(self, n: int, low: Color, high: Color) -> Tensor:
        """One colour a picture between two colours, [n, 3, 1, 1]."""
        start, end = self.constant(low), self.constant(high)
        return start + (end - start) * self.random(n, 3)[:, :, None, None]

    def constant(self, color: Color) -> Tensor:
        """A fixed colour, [1, 3, 1, 1]."""
        return torch.tensor(color, device=self.device)[None, :, None, None]

    def grid(self, n: int) -> tuple[Tensor, Tensor]:
        """Coordinates y and x of every pixel, each [n, 1, size, size]."""
        line = torch.linspace(0, 1, self.size, device=self.device)
        shape = (n, 1, self.size, self.size)
        return line[None, None, :, None].expand(shape), line[None, None, None, :].expand(shape)

    def noise(
        self,
        n: int,
        cells: Sequence[int] = (4, 8, 16),
        amplitudes: Sequence[float] = (1, 0.5, 0.25),
        aspect: float = 1.0,
    ) -> Tensor:
        """Smooth noise of about unit variance, [n, 1, size, size].

        One octave for each number of cells along the height; `aspect` is the number of cells
        along the width for one along the height.
        """
        total: Tensor | float = 0
        for count, amplitude in zip(cells, amplitudes, strict=True):
            lattice = self.normal(n, 1, max(2, count), max(2, int(count * aspect)))
            octave = F.interpolate(
                lattice, size=(self.size, self.size), mode="bicubic", align_corners=False
            )
            total = total + amplitude * octave
        return total / sum(a * a for a in amplitudes) ** 0.5

    def sky(
        self,
        n: int,
        top: ColorRange = SKY_TOP,
        bottom: ColorRange = SKY_BOTTOM,
        clouds: bool = True,
    ) -> Tensor:
        """A vertical gradient, with clouds that thin out towards the bottom."""
        y, _ = self.grid(n)
        sky = blend(self.color(n, *top), self.color(n, *bottom), y)
        if not clouds:
            return sky
        cover = self.noise(n, (3, 6, 12, 24), (1, 0.6, 0.35, 0.2), aspect=0.7)
        cover = (cover - self.scalar(n, 0.0, 1.2)).clamp(0, 1) * (1 - y).clamp(0, 1)
        return blend(sky, 1.0, cover * CLOUD_OPACITY)

    def stars(self, n: int) -> Tensor:
        """Sparse points of random brightness, two pixels wide, [n, 1, size, size]."""
        points = (self.random(n, 1, self.size, self.size) > STAR_THRESHOLD).float()
        points = points * self.random(n, 1, self.size, self.size)
        return F.max_pool2d(points, 2, 1, 1)[..., : self.size, : self.size]

    def ground(
        self, horizon: Tensor, below: Tensor, above: Tensor, sharpness: float = 80.0
    ) -> Tensor:
        """`below` under the line y = horizon, `above` over it. The edge is a sigmoid."""
        y, _ = self.grid(len(horizon))
        return blend(above, below, torch.sigmoid((y - horizon) * sharpness))
