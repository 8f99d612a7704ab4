"""Draw the report's plots as SVG, by matplotlib: no dates, no random names, colours that follow the page.

Every colour is one of INKS. Inside a page they are its CSS variables; a file of its own brings them along,
for light and dark. Text stays text, in the reader's own sans-serif.
"""

from __future__ import annotations

import io
import logging
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from loraprep.core import child
from loraprep.project.sizes import as_times

if TYPE_CHECKING:  # matplotlib takes half a second to import: only when something is drawn
    from matplotlib.axes import Axes

# name -> (on light paper, on dark paper). Checked for a contrast of 3 against the paper (WCAG 2.2, 1.4.11).
INKS: Mapping[str, tuple[str, str]] = {
    "paper": ("#fffdf9", "#1d1c1a"),
    "ink": ("#26231f", "#efe9df"),
    "quiet": ("#6b645a", "#aaa295"),
    "line": ("#ddd6ca", "#3a3833"),
    "content": ("#2f6f8f", "#6fb4d6"),
    "style": ("#9a5a1f", "#e0a060"),
    "go": ("#2e7146", "#6cc08b"),
    "mild": ("#b07d12", "#e3b549"),
    "warn": ("#9d4712", "#f08a4b"),
    "block": ("#a3262e", "#f07178"),
}
LEVELS = {
    "watch": ("worth watching", "mild"),
    "warning": ("partly sticks", "warn"),
    "critical": ("sticks to the trigger", "block"),
}
_SENTINEL = {name: f"#0{n:x}fe{n:02x}" for n, name in enumerate(INKS, 1)}  # drawn with, then replaced
_WIDTH = 5.0  # inches of 72 units: one phone wide, so that letters are as large there as drawn
_LONG = 34  # characters of a label; what is longer ends in an ellipsis

# upper limit of the enlargement, how it is called, its ink
STRETCH = (
    (1.0, "not enlarged", "go"),
    (1.2, "up to 1.2x", "content"),
    (1.5, "up to 1.5x", "mild"),
    (2.0, "up to 2x", "warn"),
    (math.inf, "over 2x", "block"),
)
SHAPES = ((1, 3), (1, 2), (9, 16), (2, 3), (3, 4), (4, 5), (1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1), (3, 1))


def enlargement(times: Mapping[int, Sequence[float]]) -> str:
    """Draw one bar a trained size: how many of the pictures are stretched, and how far. `times`: size -> factors."""

    def draw(axes: Axes) -> None:
        for row, (_, values) in enumerate(sorted(times.items())):
            left = 0
            for (_, _, ink), count in zip(STRETCH, _counts(values), strict=True):
                axes.barh(row, count, left=left, height=0.56, color=_c(ink), edgecolor=_c("paper"), linewidth=1.5)
                if count >= max(1, len(values) * 0.05):
                    axes.text(
                        left + count / 2,
                        row,
                        str(count),
                        color=_c("paper"),
                        ha="center",
                        va="center",
                        fontweight="bold",
                    )
                left += count
        axes.set_yticks(range(len(times)), [f"{size} px" for size in sorted(times)])
        axes.set_ylim(len(times) - 0.5, -0.5)
        axes.set_xlim(0, max((len(v) for v in times.values()), default=1) or 1)
        _legend(axes, [(label, ink) for _, label, ink in STRETCH], at=-0.17)
        axes.set_xticks([])

    return _draw("enlargement", 0.5 + 0.42 * max(1, len(times)), draw, left=0.15, top=0.35)


def _counts(values: Sequence[float]) -> list[int]:
    lows = [0.0, *(high for high, _, _ in STRETCH)]
    told = [float(as_times(value)) for value in values]  # one that is called 2.0 stands with those up to 2
    return [sum(low < v <= high for v in told) for low, (high, _, _) in zip(lows, STRETCH, strict=False)]


def aspects(sizes: Sequence[tuple[int, int]]) -> str:
    """Draw how many pictures have which shape, each counted to the nearest of SHAPES; the shapes are drawn below."""
    near = [min(range(len(SHAPES)), key=lambda n: abs(math.log(w / h * SHAPES[n][1] / SHAPES[n][0]))) for w, h in sizes]
    counts = [near.count(n) for n in range(len(SHAPES))]

    def draw(axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        most = max([*counts, 1])
        for n, (count, (w, h)) in enumerate(zip(counts, SHAPES, strict=True)):
            if count:
                axes.bar(n, count, width=0.62, color=_c("content"))
                axes.text(n, count + most * 0.03, str(count), ha="center", va="bottom", color=_c("ink"))
            # in units of the axis: 13 shapes over 4.8 inches, `most` * 1.55 over 2 inches
            side = 0.62 / math.sqrt(max(w / h, h / w))
            wide, high = side * math.sqrt(w / h), side * math.sqrt(h / w) * most * 0.286
            axes.add_patch(
                Rectangle(
                    (n - wide / 2, -most * 0.2 - high / 2),
                    wide,
                    high,
                    facecolor="none",
                    edgecolor=_c("content" if count else "quiet"),
                    linewidth=1.1,
                )
            )
            axes.text(
                n, -most * 0.37, f"{w}:{h}", ha="center", va="top", fontsize=8.5, color=_c("ink" if count else "quiet")
            )
        axes.axhline(0, color=_c("line"), linewidth=1)
        axes.set_ylim(-most * 0.5, most * 1.15)
        axes.set_xlim(-0.6, len(SHAPES) - 0.4)
        axes.set_axis_off()

    return _draw("aspects", 2.1, draw, left=0.01)


def terms(rows: Sequence[tuple[str, int, str, str]], captions: int, limits: Mapping[str, float]) -> str:
    """Draw how often words are in the captions.

    Rows: (term, captions it is in, "content" or "style", fused level or ""). `limits`: share of the
    captions from which a term is watched, warned about, critical.
    """

    def draw(axes: Axes) -> None:
        for row, (term, count, side, level) in enumerate(rows):
            meaning, ink = LEVELS.get(level, ("", side))
            axes.barh(
                row,
                count,
                height=0.42,
                color=_c(ink),
                hatch="////" if side == "style" else "",
                edgecolor=_c("paper"),
                linewidth=0,
            )
            axes.text(0, row - 0.3, _short(term), ha="left", va="bottom", color=_c("ink"))
            label = f"{count} of {captions}" + (f" - {meaning}" if meaning else "")
            axes.text(
                captions,
                row - 0.3,
                label,
                ha="right",
                va="bottom",
                fontsize=9.5,
                color=_c(ink if level else "quiet"),
                fontweight="bold" if level else "normal",
            )
            axes.vlines(
                [share * captions for share in limits.values()],
                row - 0.27,
                row + 0.27,
                color=_c("quiet"),
                linewidth=1,
                zorder=0,
            )
        axes.set_xlim(0, max(1, captions))
        for level, share in limits.items():  # what the ticks beside the bars mean
            axes.text(
                share * captions,
                -0.78,
                LEVELS[level][0].removesuffix(" to the trigger"),
                ha="center",
                va="bottom",
                fontsize=8.5,
                color=_c("quiet"),
            )
        axes.set_ylim(max(1, len(rows)) - 0.5, -1.35)
        axes.set_axis_off()
        there = [LEVELS[level] for level in LEVELS if any(row[3] == level for row in rows)]
        _legend(axes, [("content", "content"), ("style", "style"), *there], hatched=1)

    return _draw("terms", 0.88 + 0.36 * max(1, len(rows)), draw, left=0.02, top=0.4)


def variety(axes_seen: Sequence[tuple[str, Sequence[tuple[str, int]], Sequence[str], int]], kept: int) -> str:
    """Draw what varies. Each axis: (label, (term, pictures) most first, wanted terms that are thin, pictures seen)."""
    rows: list[tuple[str, str, int, bool]] = []  # axis label, term, pictures, thin
    for label, counts, thin, seen in axes_seen:
        there = dict(counts[:6])
        named = [(t, n, t in thin) for t, n in there.items()]
        named += [(t, dict(counts).get(t, 0), True) for t in thin if t not in there]
        rows.append(
            (f"{label}  (seen in {seen} of {kept})" if seen else f"{label}  (nobody has looked)", "", -1, False)
        )
        rows += [("", t, n, lacking) for t, n, lacking in named]

    def draw(axes: Axes) -> None:
        most = max([n for *_, n, _ in rows] + [1])
        for row, (label, term, count, thin) in enumerate(rows):
            if label:
                axes.text(0, row + 0.12, label, ha="left", va="center", fontweight="bold", color=_c("ink"))
                continue
            axes.text(most * 0.47, row, _short(term, 26), ha="right", va="center", color=_c("ink"))
            width = count / most * most * 0.42
            axes.barh(row, width, left=most * 0.5, height=0.6, color=_c("mild" if thin else "content"))
            axes.text(
                most * 0.5 + width + most * 0.015,
                row,
                f"{count} thin" if thin else str(count),
                ha="left",
                va="center",
                color=_c("warn" if thin else "quiet"),
            )
        axes.set_xlim(0, most)
        axes.set_ylim(max(1, len(rows)) - 0.4, -0.6)
        axes.set_axis_off()

    return _draw("variety", 0.2 + 0.25 * max(1, len(rows)), draw, left=0.01)


def palette(pictures: Sequence[Sequence[tuple[str, float]]]) -> str:
    """Draw a stripe a picture, in the order given, made of its main colours (("#rrggbb", share), largest first)."""

    def draw(axes: Axes) -> None:
        bars: list[tuple[int, float, float, str]] = []  # in one call, which costs a quarter of one for each
        for n, colours in enumerate(pictures):
            whole, low = sum(share for _, share in colours) or 1.0, 0.0
            for colour, share in colours:
                bars.append((n, share / whole, low, colour))
                low += share / whole
        if bars:
            places, heights, lows, inks = zip(*bars, strict=True)
            axes.bar(places, heights, bottom=lows, width=1.02, color=inks, linewidth=0)
        axes.set_xlim(-0.5, max(1, len(pictures)) - 0.5)
        axes.set_ylim(0, 1)
        axes.set_axis_off()

    return _draw("palette", 0.9, draw, left=None)


def as_file(svg: str) -> str:
    """Make a plot a file of its own, with its colours, for light and dark, and its paper."""
    light, dark = ("".join(f"--{name}:{pair[n]};" for name, pair in INKS.items()) for n in (0, 1))
    style = f"<style>:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    ground = '<rect width="100%" height="100%" style="fill:var(--paper)"/>'
    head, mark, rest = svg.partition(">")
    drawn = re.sub(r'(fill|stroke)="(var[^"]+)"', r'style="\1: \2"', ground + rest)  # hatches have attributes only
    return f"{head}{mark}\n{style}" + re.sub(r'style="([^"]*var\(--[^"]*)"', _fallback, drawn)


def _fallback(style: re.Match[str]) -> str:
    """Write the colours on light paper as attributes too, for what knows no CSS variables and would draw black."""
    plain = [f'{key}="{INKS[name][0]}"' for key, name in re.findall(r"(fill|stroke): ?var\(--(\w+)\)", style[1])]
    return " ".join([*plain, style[0]])


def _c(ink: str) -> str:
    return _SENTINEL[ink]


def _short(text: str, long: int = _LONG) -> str:
    return text if len(text) <= long else text[: long - 1] + "…"


def _legend(axes: Axes, entries: Sequence[tuple[str, str]], hatched: int = -1, at: float = 0.0) -> None:
    from matplotlib.patches import Patch

    marks = [
        Patch(facecolor=_c(ink), label=label, hatch="////" if n == hatched else "", edgecolor=_c("paper"), linewidth=0)
        for n, (label, ink) in enumerate(entries)
    ]
    axes.legend(
        handles=marks,
        loc="lower left",
        bbox_to_anchor=(at, 1.0),
        ncols=len(entries),
        frameon=False,
        fontsize=9,
        handlelength=0.8,
        handleheight=0.9,
        handletextpad=0.3,
        columnspacing=0.7,
        borderaxespad=0.2,
        borderpad=0,
        labelcolor=_c("ink"),
    )


def _draw(name: str, height: float, draw: Callable[[Axes], None], *, left: float | None, top: float = 0.05) -> str:
    """Draw an <svg> of _WIDTH x height inches. `left`: share of the width (None: no margin at all), `top` in inches.

    Nothing is fitted to its content, so that other fonts move nothing.
    """
    box = (0, 0, 1, 1) if left is None else (left, 0.08 / height, 0.985 - left, 1 - (top + 0.08) / height)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # "building the font cache" helps nobody
    with child.elsewhere():  # it reads the working folder's matplotlibrc, which names modules, and looks for fc-list
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

    out = io.StringIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        matplotlib.rcdefaults()  # a matplotlibrc of the reader's would change the drawing
        matplotlib.rcParams.update(
            {  # the text of captions is no formula, and any script is fine: the reader's own font shows it
                "svg.hashsalt": name,
                "svg.fonttype": "none",
                "font.family": "DejaVu Sans",
                "font.size": 10.5,
                "text.parse_math": False,
                "hatch.color": _c("paper"),
                "hatch.linewidth": 0.7,
                "axes.edgecolor": _c("line"),
                "xtick.color": _c("ink"),
                "ytick.color": _c("ink"),
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.spines.bottom": False,
                "axes.spines.left": False,
                "ytick.left": False,
            }
        )
        figure = Figure(figsize=(_WIDTH, height))
        figure.patch.set_visible(False)
        FigureCanvasSVG(figure)
        axes = figure.add_axes(box)
        axes.patch.set_visible(False)
        draw(axes)
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _clean(out.getvalue())


def _clean(svg: str) -> str:
    """Leave only the drawing: no prolog, metadata or unused names, colours by name, the page's own font."""
    svg = svg[svg.index("<svg") :].rstrip("\n")
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<defs>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\s*<g id="[\w.]+"/>', "", svg)
    svg = re.sub(r'<g id="[\w.]+">', "<g>", svg)
    svg = re.sub(r'(<svg[^>]*?) (?:width|height)="[\d.]+pt"', r"\1", svg)
    svg = re.sub(r'(<svg[^>]*?) (?:width|height)="[\d.]+pt"', r"\1", svg)
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace("xlink:href", "href")
    svg = svg.replace("font-family: 'DejaVu Sans'", "font-family: system-ui, sans-serif")
    svg = re.sub(r"\n\s*<!--.*?-->", "", svg)
    for name, sentinel in _SENTINEL.items():
        svg = svg.replace(sentinel, f"var(--{name})")
    return re.sub(r"\n\s*\n", "\n", svg)
