# SPDX-License-Identifier: Apache-2.0
"""Draw a recorded terminal as an animated SVG without scripts.

All lines stand on one long paper. The animation moves the paper up, and a cover down it, so that a line appears when
the cover has left it. Without the animation (a viewer that has none, or a reader who wants no motion) the paper shows
its end, uncovered. Colours follow the reader's scheme, dark or light.
"""

import html

FONT = 14
ADVANCE = 8.43  # of a character
LINE = 19
MARGIN = 14
BAR = 30

# seconds
BEFORE_OUTPUT = 0.6
AFTER_COMMAND = 1.2
A_LINE = 0.2
AT_END = 6

STYLE = """
text{{font:{font}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}}
.back,.cover{{fill:#0d1117}}
.bar{{fill:#21262d}}
.title{{fill:#9da7b3;text-anchor:middle}}
.command{{fill:#79c0ff;font-weight:600}}
.note{{fill:#7ee787}}
@media (prefers-color-scheme:light){{
text{{fill:#1f2328}}
.back,.cover{{fill:#f6f8fa}}
.bar{{fill:#d0d7de}}
.title{{fill:#59636e}}
.command{{fill:#0550ae}}
.note{{fill:#116329}}
}}
.paper{{animation:paper {seconds}s step-end infinite}}
.cover{{animation:cover {seconds}s step-end infinite}}
{paper}
{cover}
@media (prefers-reduced-motion:reduce){{.paper,.cover{{animation:none}}}}
"""


def lines_of(steps, columns):
    """Return the lines of the paper as (kind, text), and [(seconds, lines that are to be seen from then on)]."""
    lines, frames, now = [], [], 0.0
    for command, output in steps:
        lines.append(("note" if command.startswith("#") else "command", f"$ {command}"))
        frames.append((now, len(lines)))
        for text in (line.expandtabs() for line in output):
            if not text.isprintable():
                raise ValueError(f"{command} prints more than text: {text!r}")
            lines += [("output", text[at:at + columns]) for at in range(0, len(text) or 1, columns)]
        if output:
            frames.append((now + BEFORE_OUTPUT, len(lines)))
        now += AFTER_COMMAND + A_LINE * len(output)
    return lines, frames, now + AT_END


def keyframes(name, frames, seconds, place):
    """The animation NAME: at the time of each frame, PLACE(its lines) is how far down."""
    steps = [f"{100 * when / seconds:.2f}%{{transform:translateY({place(count)}px)}}" for when, count in frames]
    return f"@keyframes {name}{{{''.join(steps)}}}"


def draw_line(number, kind, text, advance):
    if not text:
        return ""
    # so that each font has the columns of a terminal
    return (f'<text class="{kind}" x="0" y="{number * LINE + FONT}" textLength="{len(text) * advance:.1f}" '
            f'xml:space="preserve">{html.escape(text, quote=False)}</text>\n')


def draw(title, steps, columns, rows):
    """Return an SVG of STEPS, a list of (command, lines that it printed), on a terminal of COLUMNS and ROWS."""
    lines, frames, seconds = lines_of(steps, columns)
    width, height = round(columns * ADVANCE), rows * LINE

    def up(count):
        return -LINE * max(0, count - rows)
    whole = (width + 2 * MARGIN, height + BAR + 2 * MARGIN)
    style = STYLE.format(font=FONT, seconds=round(seconds, 1),
                         paper=keyframes("paper", frames, seconds, up),
                         cover=keyframes("cover", frames, seconds, lambda count: LINE * count))
    words = "; ".join(command for command, _ in steps if not command.startswith("#"))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole[0]} {whole[1]}" width="{whole[0]}" '
        f'height="{whole[1]}" role="img" aria-labelledby="title words">\n',
        f'<title id="title">{html.escape(title, quote=False)}</title>\n',
        f'<desc id="words">A terminal that runs: {html.escape(words, quote=False)}</desc>\n',
        f"<style>{style}</style>\n",
        f'<rect class="back" width="{whole[0]}" height="{whole[1]}" rx="8"/>\n',
        f'<path class="bar" d="M0 {BAR}V8a8 8 0 0 1 8-8H{whole[0] - 8}a8 8 0 0 1 8 8V{BAR}z"/>\n',
        f'<text class="title" x="{whole[0] / 2:g}" y="20">{html.escape(title, quote=False)}</text>\n',
        f'<svg x="{MARGIN}" y="{BAR + MARGIN}" width="{width}" height="{height}" overflow="hidden">\n',
        f'<g class="paper" transform="translate(0 {up(len(lines))})">\n',
        *(draw_line(number, kind, text, ADVANCE) for number, (kind, text) in enumerate(lines)),
        f'<rect class="cover" width="{width}" height="{len(lines) * LINE}" '
        f'transform="translate(0 {len(lines) * LINE})"/>\n',
        "</g>\n</svg>\n</svg>\n",
    ]
    return "".join(parts)
