"""Backgrounds: one function a scene, each painting n pictures [n, 3, size, size] in [0, 1].

Values may leave [0, 1] slightly; the caller clamps them. Colours are ranges between which one
colour a picture is drawn. Lengths are shares of the picture's height.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from world.canvas import Canvas, blend
from world.vocabulary import COLORS, PLAIN


def paint(canvas: Canvas, kind: str, n: int) -> Tensor:
    """Paint n backgrounds of a kind: a scene, or "plain:" and a colour word."""
    if kind.startswith(PLAIN):
        return plain(canvas, n, kind.removeprefix(PLAIN))
    if kind not in SCENE_PAINTERS:
        raise ValueError(f'There is no scene "{kind}"; choose one of {", ".join(SCENE_PAINTERS)}.')
    return SCENE_PAINTERS[kind](canvas, n)


def plain(canvas: Canvas, n: int, color: str) -> Tensor:
    y, x = canvas.grid(n)
    shade = canvas.constant(COLORS[color]) + 0.04 * canvas.normal(n, 3, 1, 1)
    vignette = 1 - 0.25 * ((x - 0.5) ** 2 + (y - 0.5) ** 2) * canvas.scalar(n)
    return shade * vignette + 0.02


def grass(canvas: Canvas, n: int) -> Tensor:
    y, _ = canvas.grid(n)
    blades = canvas.color(n, (0.18, 0.45, 0.1), (0.4, 0.7, 0.25))
    blades = blades * (1 + 0.12 * canvas.noise(n, (16, 48, 96), (1, 1, 1), aspect=2))
    blades = blades * (0.75 + 0.35 * y)
    horizon = canvas.horizon(n) + 0.02 * canvas.noise(n, (3,), (1,))
    return canvas.ground(horizon, blades, canvas.sky(n))


def beach(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    horizon = canvas.horizon(n, 0.35, 0.5)
    sand = canvas.color(n, (0.85, 0.72, 0.5), (0.96, 0.86, 0.66))
    sand = sand * (1 + 0.05 * canvas.noise(n, (32, 96), (1, 1)))
    sea = canvas.color(n, (0.05, 0.4, 0.6), (0.15, 0.65, 0.8))
    sea = sea * (1 + 0.08 * canvas.noise(n, (24, 64), (1, 0.7), aspect=0.25))
    shore = horizon + canvas.scalar(n, 0.12, 0.22)
    shore = shore + 0.015 * torch.sin(x * 9 + canvas.scalar(n, 0, 6))
    foam = torch.exp(-(((y - shore) / 0.012) ** 2))
    sea_and_sky = canvas.ground(horizon, sea, canvas.sky(n), sharpness=200.0)
    image = canvas.ground(shore, sand, sea_and_sky, sharpness=120.0)
    return blend(image, 1.0, 0.8 * foam)


def snow(canvas: Canvas, n: int) -> Tensor:
    field = canvas.color(n, (0.86, 0.9, 0.95), (0.97, 0.98, 1.0))
    field = field * (1 + 0.03 * canvas.noise(n, (4, 12, 32), (1, 0.6, 0.4)))
    horizon = canvas.horizon(n) + 0.03 * canvas.noise(n, (3, 6), (1, 0.4))
    sky = canvas.sky(
        n,
        top=((0.6, 0.68, 0.78), (0.72, 0.8, 0.9)),
        bottom=((0.78, 0.84, 0.9), (0.88, 0.92, 0.97)),
        clouds=False,
    )
    image = canvas.ground(horizon, field, sky)
    flakes = (canvas.random(n, 1, canvas.size, canvas.size) > 0.9992).float()
    return blend(image, 1.0, F.max_pool2d(flakes, 3, 1, 1))


def desert(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    horizon = canvas.horizon(n, 0.4, 0.6)
    near = canvas.color(n, (0.85, 0.55, 0.25), (0.95, 0.7, 0.38))
    near = near * (1 + 0.05 * canvas.noise(n, (6, 40), (1, 0.6), aspect=0.3)) * (0.8 + 0.3 * y)
    far = canvas.color(n, (0.75, 0.45, 0.2), (0.85, 0.58, 0.3))
    dune = horizon + 0.06 * torch.sin(x * 5 + canvas.scalar(n, 0, 6)) + 0.08
    sky = canvas.sky(
        n,
        top=((0.35, 0.6, 0.9), (0.5, 0.75, 1.0)),
        bottom=((0.95, 0.85, 0.7), (1.0, 0.93, 0.8)),
        clouds=False,
    )
    return canvas.ground(dune, near, canvas.ground(horizon, far, sky))


def night(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    stars = canvas.stars(n)
    top = canvas.color(n, (0.02, 0.03, 0.12), (0.06, 0.08, 0.22))
    bottom = canvas.color(n, (0.08, 0.1, 0.28), (0.16, 0.16, 0.38))
    sky = blend(top, bottom, y) + stars
    moon_x, moon_y = canvas.scalar(n, 0.12, 0.88), canvas.scalar(n, 0.08, 0.25)
    moon_radius = canvas.scalar(n, 0.04, 0.08)
    moon = torch.sigmoid((moon_radius - ((x - moon_x) ** 2 + (y - moon_y) ** 2).sqrt()) * 200)
    sky = blend(sky, canvas.constant((1.0, 0.96, 0.8)), moon)
    horizon = canvas.horizon(n, 0.55, 0.7) + 0.02 * canvas.noise(n, (4,), (1,))
    land = canvas.color(n, (0.03, 0.06, 0.06), (0.08, 0.12, 0.12))
    land = land * (1 + 0.1 * canvas.noise(n, (32, 64), (1, 1)))
    return canvas.ground(horizon, land, sky)


def water(canvas: Canvas, n: int) -> Tensor:
    y, _ = canvas.grid(n)
    shallow = canvas.color(n, (0.1, 0.55, 0.8), (0.25, 0.75, 0.9))
    deep = canvas.color(n, (0.0, 0.12, 0.35), (0.05, 0.25, 0.5))
    rays = _columns(canvas, canvas.noise(n, (10,), (1,))).clamp(0, 2) * (1 - y) * 0.18
    caustics = (1 - canvas.noise(n, (6, 12), (1, 0.7)).abs()).clamp(0, 1) ** 6
    caustics = caustics * 0.22 * (1 - 0.5 * y)
    return blend(shallow, deep, y) + rays + caustics


def forest(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    image = canvas.color(n, (0.12, 0.3, 0.12), (0.3, 0.5, 0.25))
    image = image * (1 + 0.25 * canvas.noise(n, (8, 24, 48), (1, 0.8, 0.6)))
    for _ in range(7):
        center, half_width = canvas.scalar(n), canvas.scalar(n, 0.012, 0.045)
        mask = torch.sigmoid((half_width - (x - center - 0.01 * torch.sin(y * 7)).abs()) * 300)
        trunk = canvas.color(n, (0.2, 0.12, 0.06), (0.42, 0.28, 0.16))
        trunk = trunk * (1 - 0.5 * ((x - center) / half_width).clamp(-1, 1))
        image = blend(image, trunk, mask)
    horizon = canvas.horizon(n, 0.6, 0.75) + 0.015 * canvas.noise(n, (8,), (1,))
    floor = canvas.color(n, (0.14, 0.28, 0.08), (0.3, 0.42, 0.16))
    floor = floor * (1 + 0.15 * canvas.noise(n, (24, 64), (1, 1), aspect=2))
    return canvas.ground(horizon, floor, image)


def city(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    image = canvas.sky(n, clouds=False)
    for layer in range(2):
        houses = 9 - 2 * layer
        heights = canvas.random(n, houses) * 0.4 + 0.12 + 0.05 * layer
        street = (x + canvas.scalar(n)) * (houses - 1)
        house = street.floor().long().clamp(0, houses - 1)
        rows = heights[:, None, None, :].expand(-1, 1, canvas.size, -1)
        mask = ((1 - y - 0.25) < torch.gather(rows, 3, house)).float()
        wall = canvas.color(n, (0.3, 0.33, 0.42), (0.6, 0.62, 0.7))
        wall = wall * (0.8 + 0.25 * torch.sin(house.float() * 12.9))
        windows = (((street * 4) % 1 > 0.35) & ((y * 34) % 1 > 0.4)).float()
        light = canvas.color(n, (0.75, 0.75, 0.55), (1.0, 0.95, 0.7))
        image = blend(image, blend(wall, light, 0.7 * windows), mask)
    asphalt = canvas.color(n, (0.35, 0.35, 0.38), (0.5, 0.5, 0.53))
    asphalt = asphalt * (1 + 0.04 * canvas.noise(n, (64,), (1,)))
    return canvas.ground(torch.full_like(y, 0.76), asphalt, image, sharpness=300.0)


def wood(canvas: Canvas, n: int) -> Tensor:
    y, _ = canvas.grid(n)
    grain = canvas.noise(n, (2, 4), (1, 0.4), aspect=16)
    table = canvas.color(n, (0.45, 0.27, 0.12), (0.75, 0.52, 0.3))
    table = table * (1 + 0.1 * grain + 0.04 * canvas.noise(n, (60,), (1,), aspect=0.1))
    horizon = canvas.horizon(n, 0.4, 0.58)
    plank = (((y - horizon) / (1 - horizon)).clamp(0, 1).sqrt() * 5) % 1
    table = table * (1 - 0.45 * torch.exp(-((plank / 0.035) ** 2)))
    wall = canvas.color(n, (0.6, 0.6, 0.58), (0.95, 0.93, 0.9)) * (1 - 0.12 * y)
    return canvas.ground(horizon, table, wall, sharpness=200.0)


def brick(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    rows = 11
    row = (y * rows).floor()
    along = x * rows * 0.5 + 0.5 * (row % 2)
    mortar = ((along % 1 < 0.06) | ((y * rows) % 1 < 0.12)).float()
    # The fractional part of a large sine: a number in [0, 1) of each brick.
    hashed = torch.sin(row * 12.9898 + along.floor() * 78.233 + canvas.scalar(n, 0, 50))
    hashed = hashed * 43758.5453
    shade = hashed - hashed.floor()
    bricks = canvas.color(n, (0.5, 0.18, 0.12), (0.72, 0.34, 0.26)) * (0.8 + 0.35 * shade)
    bricks = bricks * (1 + 0.06 * canvas.noise(n, (64,), (1,)))
    return blend(bricks, canvas.color(n, (0.6, 0.58, 0.55), (0.82, 0.8, 0.78)), mortar)


def checker(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    horizon = canvas.horizon(n, 0.42, 0.55)
    depth = (y - horizon).clamp(min=1e-3)
    across, along = (x - 0.5) / depth * 0.6 + canvas.scalar(n), 0.6 / depth
    parity = (across.floor() + along.floor()) % 2
    dark = canvas.color(n, (0.05, 0.05, 0.05), (0.35, 0.35, 0.4))
    light = canvas.color(n, (0.8, 0.8, 0.78), (1, 1, 1))
    fade = torch.exp(-0.02 / depth)
    floor = blend((dark + light) / 2, blend(light, dark, parity), fade)
    wall = canvas.color(n, (0.5, 0.55, 0.6), (0.9, 0.88, 0.85)) * (1 - 0.15 * y)
    return canvas.ground(horizon, floor, wall, sharpness=200.0)


def mountains(canvas: Canvas, n: int) -> Tensor:
    y, _ = canvas.grid(n)
    image = canvas.sky(n)
    far = ((0.5, 0.55, 0.7), (0.62, 0.68, 0.8))
    near = ((0.3, 0.38, 0.5), (0.45, 0.5, 0.6))
    for layer, (low, high) in enumerate((far, near)):
        ridge = _columns(canvas, canvas.noise(n, (5, 11, 23), (1, 0.5, 0.25)))
        ridge = 0.38 + 0.13 * layer + 0.09 * ridge
        mask = torch.sigmoid((y - ridge) * 250)
        snow_cap = torch.sigmoid((ridge + 0.05 - y + 0.02 * canvas.noise(n, (20,), (1,))) * 90)
        rock = canvas.color(n, low, high) * (1 - 0.25 * (y - ridge))
        image = blend(image, blend(rock, 1.0, snow_cap * 0.85), mask)
    horizon = torch.full_like(y, 0.68) + 0.01 * canvas.noise(n, (5,), (1,))
    meadow = canvas.color(n, (0.2, 0.4, 0.15), (0.35, 0.52, 0.25))
    meadow = meadow * (1 + 0.1 * canvas.noise(n, (24, 64), (1, 1)))
    return canvas.ground(horizon, meadow, image)


def sunset(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    horizon = canvas.horizon(n, 0.5, 0.62)
    top = canvas.color(n, (0.25, 0.12, 0.35), (0.45, 0.25, 0.5)) * (1 - y / horizon).clamp(0, 1)
    glow = canvas.color(n, (0.98, 0.45, 0.15), (1.0, 0.65, 0.3)) * (y / horizon).clamp(0, 1)
    sun_x, sun_radius = canvas.scalar(n, 0.25, 0.75), canvas.scalar(n, 0.08, 0.13)
    sun_distance = ((x - sun_x) ** 2 + (y - horizon + 0.03) ** 2).sqrt()
    sun = torch.sigmoid((sun_radius - sun_distance) * 150)
    sky = blend(top + glow, canvas.constant((1.0, 0.9, 0.5)), sun)
    sea = canvas.color(n, (0.35, 0.18, 0.3), (0.55, 0.3, 0.38))
    sea = sea * (1 + 0.1 * canvas.noise(n, (24, 64), (1, 0.7), aspect=0.25))
    glint = (x - sun_x) / (0.06 + 0.3 * (y - horizon).clamp(0, 1))
    glint = torch.exp(-(glint**2)) * 0.45
    sea = sea + glint * canvas.constant((1.0, 0.65, 0.25))
    return canvas.ground(horizon, sea, sky, sharpness=200.0)


def space(canvas: Canvas, n: int) -> Tensor:
    stars = canvas.stars(n)
    nebula = canvas.noise(n, (3, 6, 12, 24), (1, 0.6, 0.4, 0.2)).clamp(0, 2)
    void = canvas.color(n, (0.0, 0.0, 0.02), (0.03, 0.02, 0.08))
    return void + nebula * canvas.color(n, (0.05, 0.0, 0.08), (0.28, 0.15, 0.38)) + stars


def road(canvas: Canvas, n: int) -> Tensor:
    y, x = canvas.grid(n)
    horizon = canvas.horizon(n, 0.42, 0.55)
    depth = (y - horizon).clamp(min=1e-3)
    off_center = (x - 0.5).abs()
    mask = torch.sigmoid((0.08 + 0.75 * depth - off_center) * 150)
    asphalt = canvas.color(n, (0.25, 0.25, 0.27), (0.4, 0.4, 0.42))
    asphalt = asphalt * (1 + 0.04 * canvas.noise(n, (96,), (1,)))
    is_middle = off_center < 0.018 * (1 + 3 * depth) * 0.9
    is_dash = ((0.35 / depth) + canvas.scalar(n)) % 1 > 0.5
    asphalt = blend(asphalt, 0.95, (is_middle & is_dash).float())
    verge = canvas.color(n, (0.2, 0.48, 0.12), (0.42, 0.68, 0.28))
    verge = verge * (1 + 0.1 * canvas.noise(n, (24, 72), (1, 1)))
    return canvas.ground(horizon, blend(verge, asphalt, mask), canvas.sky(n))


def sky(canvas: Canvas, n: int) -> Tensor:
    return canvas.sky(
        n,
        top=((0.2, 0.45, 0.85), (0.35, 0.6, 0.95)),
        bottom=((0.5, 0.75, 0.95), (0.75, 0.88, 1.0)),
    )


def _columns(canvas: Canvas, field: Tensor) -> Tensor:
    """The top row of a map, repeated down the picture: a number for each column."""
    return field[:, :, :1].expand(-1, -1, canvas.size, -1)


SCENE_PAINTERS: dict[str, Callable[[Canvas, int], Tensor]] = {
    "grass": grass,
    "beach": beach,
    "snow": snow,
    "desert": desert,
    "night": night,
    "water": water,
    "forest": forest,
    "city": city,
    "wood": wood,
    "brick": brick,
    "checker": checker,
    "mountains": mountains,
    "sunset": sunset,
    "space": space,
    "road": road,
    "sky": sky,
}
