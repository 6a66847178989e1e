"""Compositing: place sprites with position, size, rotation, mirroring, tint and a soft shadow."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from world.canvas import Canvas

LUMA = (0.3, 0.59, 0.11)
# Below this scale a sprite is sampled so coarsely that it is smoothed first.
SMOOTHING_SCALE = 0.55
SHADOW_OPACITY = 0.45


@dataclass
class Placement:
    """Where and how n sprites stand. Lengths are shares of half the picture, origin in its middle.

    sprite      [n] indices into the sprites
    scale       [n] half the height of the sprite
    x, y        [n] its centre, x to the right and y downwards
    rotation    [n] radians
    mirror      [n] 1, or -1 to mirror it left to right
    tint        [n, 3, 1, 1] colour in [0, 1]
    tint_amount [n, 1, 1, 1] 0 keeps the sprite's own colours, 1 leaves only the tint
    shadow      [n] 1 for a shadow on the ground, 0 for none
    """

    sprite: Tensor
    scale: Tensor
    x: Tensor
    y: Tensor
    rotation: Tensor
    mirror: Tensor
    tint: Tensor
    tint_amount: Tensor
    shadow: Tensor


def warp_sprites(canvas: Canvas, sprites: Tensor, at: Placement) -> tuple[Tensor, Tensor]:
    """Warp sprites [m, 4, h, w] (uint8 RGBA) onto the canvas.

    Returns premultiplied colours [n, 3, size, size] and alpha [n, 1, size, size].
    """
    n = len(at.sprite)
    rgba = sprites[at.sprite].float() / 255
    rgb, alpha = rgba[:, :3], rgba[:, 3:]
    luma = (rgb * canvas.constant(LUMA)).sum(1, keepdim=True)
    tinted = (at.tint * (0.25 + 1.15 * luma)).clamp(0, 1)
    rgb = rgb * (1 - at.tint_amount) + at.tint_amount * tinted
    premultiplied = torch.cat([rgb * alpha, alpha], 1)
    # One small sprite smooths the whole batch: the shipped weights learned from such pictures.
    if (at.scale < SMOOTHING_SCALE).any():
        premultiplied = F.avg_pool2d(premultiplied, 3, 1, 1)
    grid = F.affine_grid(_to_sprite(at), (n, 4, canvas.size, canvas.size), align_corners=False)
    warped = F.grid_sample(premultiplied, grid, mode="bilinear", align_corners=False)
    return warped[:, :3], warped[:, 3:]


def _to_sprite(at: Placement) -> Tensor:
    """The affine maps from canvas to sprite coordinates, [n, 2, 3]."""
    cos, sin = torch.cos(at.rotation) / at.scale, torch.sin(at.rotation) / at.scale
    across = [cos * at.mirror, sin * at.mirror, -(cos * at.x + sin * at.y) * at.mirror]
    down = [-sin, cos, sin * at.x - cos * at.y]
    return torch.stack([torch.stack(across, -1), torch.stack(down, -1)], 1)


def add_layer(
    canvas: Canvas, image: Tensor, sprites: Tensor, at: Placement
) -> tuple[Tensor, Tensor]:
    """Paint one sprite and its shadow on each image [n, 3, size, size] in [0, 1].

    Returns the new images and the alpha of the sprites [n, 1, size, size].
    """
    rgb, alpha = warp_sprites(canvas, sprites, at)
    y, x = canvas.grid(len(at.sprite))
    y, x = y * 2 - 1, x * 2 - 1
    center_x, center_y, scale, shadow = (
        value[:, None, None, None] for value in (at.x, at.y, at.scale, at.shadow)
    )
    # An ellipse of soft darkness at the foot of the sprite.
    across = (x - center_x) / (0.62 * scale)
    down = (y - center_y - 0.86 * scale) / (0.13 * scale)
    darkness = torch.exp(-(across * across + down * down)) * SHADOW_OPACITY * shadow
    return (image * (1 - darkness)) * (1 - alpha) + rgb, alpha
