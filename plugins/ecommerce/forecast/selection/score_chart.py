"""The chart of the candidates' scores."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from ecommerce.forecast.data.history import KIND_NAMES
from ecommerce.forecast.selection.backtest import CandidateScore, kinds_of
from ecommerce.forecast.selection.champion_rule import percent
from ecommerce.reporting.drawing import INK, PALE, STRONG

_MARKERS = {"category": "o", "channel": "s", "sku": "D"}


def draw(scores: Sequence[CandidateScore], champion: str) -> bytes:
    """Draw a bar for each candidate's score as PNG, the best on top and the champion dark, with marks for the
    kinds of series. The same scores give the same bytes; without scores there are none."""
    shown = ranked(scores)
    if not shown:
        return b""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 0.6 + 0.34 * len(shown)), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    places = list(range(len(shown)))
    colours = [STRONG if each.candidate == champion else PALE for each in shown]
    axes.barh(places, [100 * (each.score or 0) for each in shown], color=colours, height=0.62)
    marks: dict[str, Any] = {
        "s": 22,
        "facecolors": "white",
        "edgecolors": INK,
        "linewidths": 0.9,
        "zorder": 3,
    }
    for kind in kinds_of(scores):
        weekly = [each.weekly[kind] for each in shown]
        errors = [float("nan") if error is None else 100 * error for error in weekly]
        axes.scatter(errors, places, marker=_MARKERS[kind], label=KIND_NAMES[kind], **marks)
    axes.set_yticks(places, [f"{each.candidate}   {percent(each.score)}" for each in shown], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel("error of weekly sums, % of sales (lower is better)", fontsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.legend(frameon=False, ncols=3, fontsize=8, loc="outside upper right")
    stream = BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()


def ranked(scores: Sequence[CandidateScore]) -> list[CandidateScore]:
    """Return the candidates with a score, the best first."""
    return sorted((each for each in scores if each.score is not None), key=lambda each: each.score or 0.0)
