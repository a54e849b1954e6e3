# SPDX-License-Identifier: Apache-2.0
"""The recorded terminal in README.md is what today's program prints, and a picture that viewers show."""

import re
import sys
import xml.etree.ElementTree as ET

import pytest

from system import TOP

sys.path.append(str(TOP / "tests/recording"))
import picture  # noqa: E402
import record  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    """What stands on the paper."""
    return [text.text for text in ET.fromstring(svg).iter(SVG + "text") if text.get("class") != "title"]


@pytest.mark.plain
def test_it_is_what_the_program_prints(test_dir):
    now = record.draw(test_dir)
    then = record.PICTURE.read_text(encoding="utf-8")
    assert texts(then) == texts(now), "make recording writes the new one"
    assert then == now, "make recording writes the new one"


def test_viewers_show_it():
    """No script, nothing from elsewhere, small, and named in README.md."""
    svg = record.PICTURE.read_text(encoding="utf-8")
    assert len(svg) < 60000
    kinds = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert kinds <= {"svg", "title", "desc", "style", "rect", "path", "text", "g"}
    assert not re.search(r"href|url\(|@import|\son\w+=", svg)
    assert "prefers-reduced-motion" in svg and "prefers-color-scheme" in svg
    assert str(record.PICTURE.relative_to(TOP)) in (TOP / "README.md").read_text(encoding="utf-8")


def test_without_motion_the_end_is_shown():
    """What does not animate shows the last lines, none of them covered."""
    steps = [("one", [str(number) for number in range(9)]), ("two", ["last"])]
    drawn = ET.fromstring(picture.draw("title", steps, 20, 4))
    assert texts(ET.tostring(drawn)) == ["$ one", *"012345678", "$ two", "last"]
    paper, = [element for element in drawn.iter(SVG + "g")]
    assert paper.get("transform") == f"translate(0 {-8 * picture.LINE})"
    cover, = [element for element in drawn.iter(SVG + "rect") if element.get("class") == "cover"]
    assert cover.get("transform") == f"translate(0 {12 * picture.LINE})"


def test_each_line_appears_in_its_turn():
    """At each moment the cover begins below what was printed until then, and the paper shows its end."""
    style = next(ET.fromstring(picture.draw("title", [("one", ["a"] * 5), ("two", [])], 20, 4)).iter(SVG + "style"))

    def places(name):
        frames = re.search(rf"@keyframes {name}{{(.*)}}\n", style.text).group(1)
        return [int(place) // picture.LINE for place in re.findall(r"translateY\((-?\d+)px\)", frames)]
    assert places("cover") == [1, 6, 7]
    assert places("paper") == [0, -2, -3]


def test_long_lines_are_wrapped():
    lines, _, _ = picture.lines_of([("one", ["abcdefghijkl", "a\tb"])], 10)
    assert [text for _, text in lines] == ["$ one", "abcdefghij", "kl", "a       b"]
    with pytest.raises(ValueError, match="more than text"):
        picture.lines_of([("one", ["\x1b[1mbold"])], 10)
