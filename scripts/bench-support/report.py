# SPDX-License-Identifier: Apache-2.0
"""Figures, and the table of them."""
import json
from dataclasses import asdict, dataclass
from statistics import median


@dataclass
class Figure:
    """One measured figure beside its yardstick, both medians in the same unit."""

    name: str
    unit: str
    podium: float
    yardstick: float | None = None
    yardstick_name: str = "bare"
    target: str | None = None
    met: bool | None = None
    ratio: float | None = None

    def __post_init__(self):
        if self.ratio is None and self.yardstick:
            self.ratio = self.podium / self.yardstick

    @classmethod
    def of_rounds(cls, name, unit, rounds, yardstick_name="bare"):
        """Medians of rounds, each a pair of ours and the yardstick's.

        The ratio is the median of the rounds' own: what else the machine does meanwhile hits both of a pair.
        """
        ours, theirs = zip(*rounds)
        ratio = median(one / other for one, other in rounds)
        return cls(name, unit, median(ours), median(theirs), yardstick_name, ratio=ratio)

    def aim(self, target, met):
        """Adds a target and whether it is met."""
        self.target, self.met = target, bool(met)
        return self


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def columns(figure):
    verdict = f"{figure.target}: {'met' if figure.met else 'NOT MET'}" if figure.target else ""
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else "-"
    yardstick = figure.yardstick_name if figure.yardstick is not None else "-"
    return [figure.name, figure.unit, number(figure.podium), number(figure.yardstick), ratio, yardstick, verdict]


def table(figures):
    rows = [["figure", "unit", "podium", "yardstick", "ratio", "yardstick is", "target"]]
    rows += [columns(figure) for figure in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if 2 <= i <= 4 else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def write_json(path, figures, settings):
    document = {"settings": settings, "figures": [asdict(figure) for figure in figures]}
    with open(path, "w") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
