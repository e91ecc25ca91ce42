"""`python -m tests.screenshot`: take the screenshot of the README; with --all, the page in every size, theme and situation."""

from __future__ import annotations

import argparse
import base64
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from app import tokens
from tests.benchmarks import samples
from tests.benchmarks.running import browsing, serving

README = Path(__file__).parent / "screenshots" / "readme.png"
SIZES = {"desktop": (1440, 900), "tablet": (768, 1024), "phone": (390, 844)}
THEMES = ("light", "dark")
_SECRET = "a-string-secret-at-least-256-bits-long"


@dataclass(frozen=True, slots=True)
class Situation:
    """A page to look at: an example by its name, or what is put into the token pane and the key box."""

    example: str = "HS256"
    token: str | None = None
    key: str = ""


def situations() -> dict[str, Situation]:
    """The tokens that interface.md names."""
    long = samples.of_length("RS256", 4_000)
    now = int(time.time())
    words = {
        "iss": "https://認証.example",
        "sub": "山田 太郎",
        "name": "محمد بن سلمان",
        "部署": "開発部・基盤チーム",
        "العنوان": "شارع الملك فهد، الرياض",
        "iat": now,
        "exp": now + 3600,
    }
    foreign = tokens.encode({"alg": "HS256", "typ": "JWT"}, words, _SECRET).token
    signed = tokens.encode({"alg": "HS256", "typ": "JWT"}, samples.claims(), _SECRET).token
    header, payload, signature = signed.split(".")
    return {
        "hs256": Situation(),
        "rs256": Situation("RS256"),
        "long": Situation(token=long.token, key=long.public),
        "broken": Situation(token=f"Bearer {header}.{payload[:40]} {payload[40:-3]}.{signature}=", key=_SECRET),
        "ml-dsa-65": Situation("ML-DSA-65"),
        "japanese-arabic": Situation(token=foreign, key=_SECRET),
        "empty": Situation(token=""),
        "expired": Situation("expired"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshot", description="Take screenshots of jwtlens.")
    parser.add_argument("--all", type=Path, metavar="DIR", help="the page in every size, theme and situation, into DIR")
    parser.add_argument("--whole", action="store_true", help="with --all: the whole page, not only what fits the window")
    options = parser.parse_args()
    with serving() as server, browsing() as browser:
        if options.all:
            options.all.mkdir(parents=True, exist_ok=True)
            _take_all(browser, server.url, options.all, options.whole)
        else:
            README.parent.mkdir(exist_ok=True)
            _take(browser, server.url, Situation("RS256"), "desktop", "light", lambda page: _save(page, README))
            README.write_bytes(_smaller(browser, README.read_bytes()))
            print(f"{README.relative_to(README.parents[2])}: {README.stat().st_size / 1000:.0f} kB")


def _take_all(browser: Browser, url: str, folder: Path, whole: bool) -> None:
    for name, situation in situations().items():
        for size in SIZES:
            for theme in THEMES:
                path = folder / f"{name}-{size}-{theme}.png"
                _take(browser, url, situation, size, theme, lambda page, path=path: _save(page, path, whole))  # type: ignore[misc]
        print(f"{folder}/{name}-*.png", flush=True)


def _take(browser: Browser, url: str, situation: Situation, size: str, theme: Any, save: Callable[[Page], None]) -> None:
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=theme, device_scale_factor=1, reduced_motion="reduce", locale="en-GB"
    )
    page.goto(f"{url}/?example={situation.example}")
    page.wait_for_load_state("networkidle")
    if situation.token is not None:
        # Each answer is awaited, so that the picture shows its last state.
        _fill(page, "#key-text", situation.key)
        _fill(page, "#token-text", situation.token)
        page.evaluate("() => document.activeElement.blur()")
    save(page)
    page.close()


def _fill(page: Page, field: str, text: str) -> None:
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.locator(field).fill(text)
    expect(page.locator("#debugger")).not_to_have_attribute("data-stale", "")
    page.wait_for_timeout(100)


def _save(page: Page, path: Path, whole: bool = False) -> None:
    page.screenshot(path=path, full_page=whole, animations="disabled", caret="hide", scale="css")


# A PNG of 256 colours is half the size, and on a page of text nobody sees the difference.

Colour = tuple[int, int, int]

_PIXELS = """async (url) => {
  const image = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def _smaller(browser: Browser, png: bytes) -> bytes:
    """The same picture in 256 colours."""
    page = browser.new_page()
    width, height, encoded = page.evaluate(_PIXELS, f"data:image/png;base64,{base64.b64encode(png).decode()}")
    page.close()
    pixels: list[Colour] = [(red, green, blue) for red, green, blue, _ in struct.iter_unpack("4B", base64.b64decode(encoded))]
    index, palette = _palette(Counter(pixels))
    flat = bytes(index[pixel] for pixel in pixels)
    rows = b"".join(b"\0" + flat[start : start + width] for start in range(0, len(flat), width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunks(
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", b"".join(bytes(colour) for colour in palette)),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        )
    )


def _palette(counts: Counter[Colour]) -> tuple[dict[Colour, int], list[Colour]]:
    """For each colour its number in the palette, and the palette: again and again the colour that is worst off joins it."""
    palette = [counts.most_common(1)[0][0]]
    index = dict.fromkeys(counts, 0)
    far = {colour: _distance(colour, palette[0]) for colour in counts}
    while len(palette) < min(256, len(counts)):
        palette.append(max(counts, key=lambda colour: counts[colour] * far[colour]))
        for colour in counts:
            if (distance := _distance(colour, palette[-1])) < far[colour]:
                far[colour], index[colour] = distance, len(palette) - 1
    return index, palette


def _chunks(*chunks: tuple[bytes, bytes]) -> Iterator[bytes]:
    for name, data in chunks:
        yield struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _distance(one: Colour, other: Colour) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2


if __name__ == "__main__":
    main()
