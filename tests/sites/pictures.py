"""The images of the sample site: small harbour scenes, drawn the same every time."""

from __future__ import annotations

import io
from functools import cache
from pathlib import PurePath
from random import Random

from PIL import Image, ImageDraw

_WIDTH, _HEIGHT = 1600, 900
_HORIZON = 540
_Colour = tuple[int, int, int]
# Upper sky, lower sky, sea.
_LIGHTS: dict[str, tuple[_Colour, _Colour, _Colour]] = {
    "dawn": ((92, 124, 168), (250, 206, 170), (70, 108, 134)),
    "day": ((110, 176, 226), (222, 238, 244), (36, 112, 142)),
    "dusk": ((72, 66, 118), (240, 150, 110), (58, 66, 106)),
    "night": ((14, 22, 48), (52, 72, 112), (16, 34, 58)),
}
_FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}


@cache
def picture(name: str) -> bytes:
    """The scene that a file name stands for: quay.png is 800 pixels wide, quay-400.jpg the same in 400."""
    path = PurePath(name)
    seed, _, size = path.stem.rpartition("-")
    if not size.isdecimal():
        seed, size = path.stem, "800"
    width = int(size)
    scene = _scene(seed).resize((width, width * _HEIGHT // _WIDTH), Image.Resampling.BOX)
    out = io.BytesIO()
    scene.save(out, _FORMATS[path.suffix])
    return out.getvalue()


@cache
def pixel() -> bytes:
    """A transparent GIF of one pixel, as trackers use."""
    out = io.BytesIO()
    Image.new("P", (1, 1)).save(out, "GIF", transparency=0)
    return out.getvalue()


def _scene(seed: str) -> Image.Image:
    rng = Random(seed)
    named = [light for light in _LIGHTS if light in seed]
    upper, lower, sea = _LIGHTS[rng.choice(named or list(_LIGHTS))]
    image = Image.new("RGB", (_WIDTH, _HEIGHT), sea)
    draw = ImageDraw.Draw(image)
    for y in range(_HORIZON):
        draw.line((0, y, _WIDTH, y), _mix(upper, lower, y / _HORIZON))
    x, y, r = rng.randint(200, 1400), rng.randint(120, 380), rng.randint(40, 80)
    draw.ellipse((x - r, y - r, x + r, y + r), _mix(lower, (255, 250, 225), 0.8))
    _hills(draw, rng, _mix(lower, sea, 0.6))
    for step in range(60):  # waves, wider towards the viewer
        y = _HORIZON + 6 * step
        x = rng.randint(-200, _WIDTH)
        draw.rectangle((x, y, x + 60 + 5 * step, y + 1 + step // 12), _mix(sea, lower, 0.25))
    if rng.random() < 0.6:
        _houses(draw, rng)
    for number in range(rng.randint(1, 3)):
        _boat(draw, rng, y=630 + 90 * number, size=60 + 40 * number)
    return image


def _hills(draw: ImageDraw.ImageDraw, rng: Random, colour: _Colour) -> None:
    tops = [(x, _HORIZON - rng.randint(10, 120)) for x in range(0, _WIDTH + 200, 200)]
    draw.polygon([(0, _HORIZON), *tops, (_WIDTH, _HORIZON)], colour)


def _houses(draw: ImageDraw.ImageDraw, rng: Random) -> None:
    x = rng.randint(0, 600)
    for _ in range(rng.randint(4, 8)):
        width, top = rng.randint(70, 120), _HORIZON - rng.randint(90, 190)
        draw.rectangle((x, top, x + width, _HORIZON + 8), _wall(rng))
        draw.polygon([(x - 6, top), (x + width // 2, top - 45), (x + width + 6, top)], (120, 62, 52))
        for row in range(top + 20, _HORIZON - 20, 45):
            for column in range(x + 14, x + width - 20, 32):
                draw.rectangle((column, row, column + 14, row + 22), rng.choice(((252, 222, 140), (60, 70, 90))))
        x += width


def _boat(draw: ImageDraw.ImageDraw, rng: Random, y: int, size: int) -> None:
    x = rng.randint(150, 1250)
    draw.polygon([(x, y), (x + 4 * size, y), (x + 3 * size, y + size), (x + size // 2, y + size)], _wall(rng))
    draw.line((x + 2 * size, y, x + 2 * size, y - 3 * size), (60, 48, 40), width=8)
    draw.polygon(
        [(x + 2 * size + 8, y - 3 * size), (x + 2 * size + 8, y - 20), (x + 7 * size // 2, y - 20)],
        (245, 240, 228),
    )


def _wall(rng: Random) -> _Colour:
    return rng.choice(((196, 84, 66), (226, 178, 92), (92, 138, 120), (230, 220, 202), (78, 104, 150)))


def _mix(one: _Colour, other: _Colour, share: float) -> _Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
