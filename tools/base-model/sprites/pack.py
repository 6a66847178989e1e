"""Pack the pictures of all sets into sprites.bin (WebP, 256 px) and sprites.json.

python pack.py --packages FOLDER --out FOLDER      after names.mjs and render.mjs
"""

import argparse
import io
import json
from collections import Counter
from itertools import accumulate
from pathlib import Path

from PIL import Image

PHOTO_SET = "fluent3d"
PHOTO_FOLDER = Path("node_modules/@lobehub/fluent-emoji-3d/assets")
VECTOR_SETS = ("noto", "twemoji", "fluent-emoji-flat", "emojione")
SIZE = 256
WEBP_QUALITY = 92
# The code point that asks for a colour picture; the files are named with or without it.
VARIATION_SELECTOR = "-fe0f"


def find_pictures(entry: dict[str, str], photos: Path, drawings: Path) -> list[tuple[str, Path]]:
    """The pictures of one name: its picture set and its file, photo first."""
    code = entry["code"]
    codes = (code, code.replace(VARIATION_SELECTOR, ""), code + VARIATION_SELECTOR)
    candidates = (photos / f"{name}.webp" for name in codes)
    found = [(PHOTO_SET, path) for path in candidates if path.exists()][:1]
    for source in VECTOR_SETS:
        path = drawings / f"{source}__{entry['slug']}.png"
        if path.exists() and path.stat().st_size > 0:
            found.append((source, path))
    return found


def encode(path: Path) -> bytes:
    """The picture as WebP with transparency, SIZE x SIZE."""
    picture = Image.open(path).convert("RGBA").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=WEBP_QUALITY, method=4, exact=False)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack the sprites.")
    parser.add_argument("--packages", type=Path, required=True, help="folder of node_modules")
    parser.add_argument("--out", type=Path, required=True, help="folder of names.json and png")
    options = parser.parse_args()
    photos = options.packages / PHOTO_FOLDER
    if not photos.is_dir():
        parser.error(f"{photos} is missing: install the npm packages that README.md names")
    rows, pictures = [], []
    for entry in json.loads((options.out / "names.json").read_text()):
        for source, path in find_pictures(entry, photos, options.out / "png"):
            rows.append({"name": entry["name"], "src": source, "group": entry["group"]})
            pictures.append(encode(path))
    offsets = list(accumulate((len(picture) for picture in pictures), initial=0))
    (options.out / "sprites.bin").write_bytes(b"".join(pictures))
    index = {"rows": rows, "offsets": offsets}
    (options.out / "sprites.json").write_text(json.dumps(index))
    print(
        f"{len(rows)} sprites, {offsets[-1] / 1e6:.1f} MB:", dict(Counter(r["src"] for r in rows))
    )


if __name__ == "__main__":
    main()
