"""Shrink original photographs to what the course ships: JPEG, at most 800 pixels a side.

    python tools/data/prepare_images.py ORIGINALS data/images

ORIGINALS holds the files that ``data/images/LICENSES.md`` names, as their packages carry them.
"""

import argparse
from pathlib import Path

import PIL.Image

LONGEST_SIDE = 800
GROUND = (90, 110, 90)  # grey-green, behind the transparent paper roll

NAMES = {
    "astronaut": "person_1.png",
    "carcassonne": "castle_1.webp",
    "cat": "cat_1.png",
    "coffee": "coffee_1.png",
    "drum_guitar": "drum_guitar_1.webp",
    "german_shepherd": "dog_1.webp",
    "giraffe": "ood_giraffe_1.webp",
    "hens": "bird_2.webp",
    "horse": "horse_2.webp",
    "koala": "koala_1.webp",
    "macaw": "bird_1.webp",
    "narwhal": "ood_narwhal_1.webp",
    "neuschwanstein": "castle_2.webp",
    "panda": "panda_1.webp",
    "paper_roll": "paper_roll_emoji_1f9fb.webp",
    "polar_bear": "polarbear_on_snow_1.webp",
    "raccoon": "ood_raccoon_1.png",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("originals", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    for name, original in NAMES.items():
        picture = PIL.Image.open(arguments.originals / original).convert("RGBA")
        ground = PIL.Image.new("RGBA", picture.size, GROUND)
        picture = PIL.Image.alpha_composite(ground, picture).convert("RGB")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), PIL.Image.Resampling.LANCZOS)
        picture.save(arguments.out / f"{name}.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
