# SPDX-License-Identifier: Apache-2.0
"""Cost against the number of users, as an SVG picture with two axes of powers of ten."""

import html
import math
import statistics

WIDTH, HEIGHT = 640, 440
LEFT, RIGHT, TOP, BOTTOM = 90, 40, 90, 60
COLOURS = ("#0b61a4", "#c0392b", "#1e8449", "#8e44ad", "#b9770e")

# what is drawn of the tables
LINES = (("cold", "fetch (opendir)"), ("cold", "ls -l"), ("warm", "ls -l"), ("warm", "cat *.json"),
         ("warm", "stat"))


def power(value):
    """1, 10, ..., 1,000,000; below 1 as they are."""
    return f"{10 ** value:,}" if value >= 0 else f"{10.0 ** value:g}"


class Panel:
    """One diagram. LINES are (label, colour, dashed, [(x, y), ...])."""

    def __init__(self, left, title, axis, lines):
        self.left = left
        self.title = title
        self.axis = axis
        self.lines = [line for line in lines if line[3]]
        points = [point for line in self.lines for point in line[3]] or [(100, 1)]
        self.x = self.span([x for x, _ in points])
        self.y = self.span([y for _, y in points])

    @staticmethod
    def span(values):
        """Whole powers of ten around VALUES."""
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return low, max(high, low + 1)

    def place(self, x, y):
        across = (math.log10(x) - self.x[0]) / (self.x[1] - self.x[0])
        up = (math.log10(y) - self.y[0]) / (self.y[1] - self.y[0])
        return (self.left + LEFT + across * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM))

    def text(self, x, y, words, more=""):
        return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{html.escape(words)}</text>'

    def grid(self):
        for tick in range(self.x[0], self.x[1] + 1):
            x, y = self.place(10.0 ** tick, 10.0 ** self.y[0])
            yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{TOP}" class="grid"/>'
            yield self.text(x, y + 18, power(tick), 'text-anchor="middle"')
        for tick in range(self.y[0], self.y[1] + 1):
            x, y = self.place(10.0 ** self.x[0], 10.0 ** tick)
            yield (f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{self.left + WIDTH - RIGHT}" y2="{y:.1f}" '
                   'class="grid"/>')
            yield self.text(x - 8, y + 4, power(tick), 'text-anchor="end"')
        yield self.text(self.left + LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 16, "users",
                        'text-anchor="middle"')
        middle = (TOP + HEIGHT - BOTTOM) / 2
        yield self.text(self.left + 16, middle, self.axis, 'text-anchor="middle" '
                        f'transform="rotate(-90 {self.left + 16} {middle})"')

    def legend(self):
        yield self.text(self.left + LEFT, 20, self.title, 'class="title"')
        for index, (label, colour, dashed, _) in enumerate(self.lines):
            x = self.left + LEFT + index % 3 * 175
            y = 38 + index // 3 * 15
            dash = ' stroke-dasharray="5 4"' if dashed else ""
            yield (f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="{colour}" '
                   f'stroke-width="2"{dash}/>')
            yield self.text(x + 30, y, label)

    def draw(self):
        yield from self.grid()
        yield from self.legend()
        for label, colour, dashed, points in self.lines:
            spots = [self.place(*point) for point in points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
            dash = ' stroke-dasharray="5 4"' if dashed else ""
            yield (f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}>'
                   f"<title>{html.escape(label)}</title></polyline>")
            for (x, y), (users, value) in zip(spots, points):
                yield (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>'
                       f"{html.escape(label)}: {value:.3g} at {users:,} users</title></circle>")


def time_lines(tables):
    """Microseconds a name."""
    for (group, name), colour in zip(LINES, COLOURS):
        for system, dashed in (("rosterfs", False), ("floor", True)):
            points = []
            for table in tables:
                for row in table["rows"]:
                    seconds = row["seconds"].get(system)
                    if (row["group"], row["name"]) == (group, name) and seconds:
                        points.append((table["users"],
                                       1e6 * statistics.median(seconds) / row["names"]))
            short = "fetch" if name.startswith("fetch") else f"{group} {name}"
            yield short + (" (floor)" if dashed else ""), colour, dashed, points


def memory_lines(tables):
    sizes = [(table["users"], table["rss"]) for table in tables
             if table["rss"] and table["rss"].get("listed")]
    yield ("all of it", COLOURS[0], False,
           [(users, rss["listed"] / users) for users, rss in sizes])
    yield ("above an empty mount", COLOURS[1], True,
           [(users, (rss["listed"] - rss["base"]) / users) for users, rss in sizes
            if rss["listed"] > rss["base"]])


def draw(data):
    """The whole picture, as text."""
    tables = data["tables"]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * WIDTH}" height="{HEIGHT}" '
             f'viewBox="0 0 {2 * WIDTH} {HEIGHT}">',
             "<style>text { font: 12px sans-serif; fill: #222 } .title { font-size: 14px; "
             "font-weight: bold } .grid { stroke: #ddd }</style>",
             f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="white"/>']
    for panel in (Panel(0, "Time", "microseconds a name", list(time_lines(tables))),
                  Panel(WIDTH, "Memory of rosterfs after ls -l", "bytes a user (RSS)",
                        list(memory_lines(tables)))):
        parts += panel.draw()
    return "\n".join([*parts, "</svg>"]) + "\n"
