"""What a better score costs: when predicting, and when training."""

from __future__ import annotations

from hybridml.report.cost_plot import plot_cost
from hybridml.report.html.data import ReportData
from hybridml.report.html.figures import make_figure, side_by_side
from hybridml.report.html.markup import Html, join, tag

_COSTS = {
    "predict_ms_per_image": ("Predicting", "milliseconds {one}"),
    "fit_time_s": ("Training", "seconds to train"),
}


def show_cost(data: ReportData) -> Html:
    """Show scores over costs; nothing where fewer than two candidates have both."""
    figures = [_show_one(data, column) for column in _COSTS]
    shown = side_by_side(*figures)
    if not shown:
        return shown
    said = (
        "Up and to the left is better. On the line lie the candidates than which "
        "no other is both better and cheaper."
    )
    return join([tag("p", said), shown])


def _show_one(data: ReportData, column: str) -> Html:
    table = data.leaderboard.reset_index(drop=True)  # its index is the rank
    if column not in table:
        return Html()
    table = table.assign(**{column: table[column].astype(float)})
    table = table[(table[column] > 0) & table["score"].notna()]
    if len(table) < 2:
        return Html()
    title, label = _COSTS[column]
    label = label.format(one=data.one)
    scoring = data.scoring.replace("_", " ")
    drawn = plot_cost(table, column, scoring, label=label, title=title)
    cheapest = table["candidate"].iloc[int(table[column].to_numpy().argmin())]
    alt = f"{scoring} over {label}, logarithmic; {cheapest} costs least."
    return make_figure(drawn, name=f"cost-{column.replace('_', '-')}", alt=alt)
