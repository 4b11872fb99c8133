"""Where to cut: what the layers are worth, by head and by weights."""

from __future__ import annotations

import pandas as pd

from hybridml.report.html.data import ReportData
from hybridml.report.html.figures import make_figure, side_by_side
from hybridml.report.html.markup import Html, join, tag
from hybridml.report.layers_plot import plot_layers


def show_layers(data: ReportData) -> Html:
    """Show the scores of the cut layers, a picture a backbone."""
    figures = []
    if not data.layer_scores.empty:
        for i, (name, rows) in enumerate(data.layer_scores.groupby("backbone")):
            figures.append(_show_one(data, rows, "head", str(name), f"layers-{i}"))
    curve = data.layer_curve
    if curve is not None and not curve.empty:
        title = "Pretrained or random weights"
        figures.append(_show_one(data, curve, "weights", title, "layer-curve"))
    shown = side_by_side(*figures)
    if not shown:
        return shown
    said = (
        "From the input on the left to the output on the right. Bands are standard "
        "deviations over the folds."
    )
    return join([tag("p", said), shown])


def _show_one(
    data: ReportData, rows: pd.DataFrame, by: str, title: str, name: str
) -> Html:
    scoring = data.scoring.replace("_", " ")
    drawn = plot_layers(rows, scoring, by=by, title=title)
    known = rows.dropna(subset="score")
    alt = f"{title}: {scoring} over the cut layers."
    if not known.empty:
        best = known.iloc[int(known["score"].to_numpy().argmax())]
        alt += f" The best is {best['cut_layer']} with {best[by]}."
    return make_figure(drawn, name=name, alt=alt)
