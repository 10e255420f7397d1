"""The chart of people who take part, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.engines.milestones.rhythm import Week

_WIDTH = timedelta(days=5, hours=12)
"""Of a week's bar: a little less than the week, so that bars stand apart."""


def finding(weeks: Sequence[Week]) -> str:
    """What the chart shows, as its title: the last eight weeks against the eight before."""
    if not any(week.people for week in weeks):
        return _("Nobody has written anything yet")
    late, early = (sum(w.people for w in part) / max(1, len(part)) for part in (weeks[-8:], weeks[-16:-8]))
    now = ngettext("About %(n)d person takes part a week", "About %(n)d people take part a week", round(late)) % {
        "n": round(late)
    }
    if early and late >= early * 1.1:
        return _("%(now)s, more than two months ago") % {"now": now}
    if early and late <= early * 0.9:
        return _("%(now)s, fewer than two months ago") % {"now": now}
    return now


def specification(weeks: Sequence[Week], *, dark: bool = False) -> dict[str, Any]:
    """Vega-Lite: bars a week, newcomers on top in another colour. Data included."""
    import altair as alt

    # Stacked here: where a bar has a width of its own (`x2`), Vega-Lite takes it for one that lies, and stacks nothing.
    # Moments without a zone are the reader's own; of days alone the script would make midnight in Greenwich.
    rows = [
        {
            "week": start.isoformat(),
            "until": (start + _WIDTH).isoformat(),
            "who": who,
            "people": n,
            "from": below,
            "to": below + n,
            "said": f"{date_format(w.monday)}: {who}, {n}",
        }
        for w in weeks
        for start in [datetime.combine(w.monday, time())]
        for who, n, below in [
            (_("Been here before"), w.people - w.newcomers, 0),
            (_("For the first time"), w.newcomers, w.people - w.newcomers),
        ]
    ]
    ink, line = ("#d9d2c5", "#4a443b") if dark else ("#55493c", "#ddd6c9")
    chart = (
        alt.Chart(
            alt.Data(values=rows),  # type: ignore[no-untyped-call]
            width="container",
            height=240,
        )
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=6, labelFlush=True, grid=False)),
            x2="until:T",
            y=alt.Y("from:Q", title=_("People"), axis=alt.Axis(tickMinStep=1), scale=alt.Scale(domainMin=0)),
            y2="to:Q",
            color=alt.Color(
                "who:N",
                title=None,
                sort=[_("Been here before"), _("For the first time")],
                scale=alt.Scale(range=["#5ba883", "#e8b45a"] if dark else ["#0f6a45", "#eeab3c"]),
                legend=alt.Legend(orient="top"),
            ),
            description="said:N",
            tooltip=[alt.Tooltip("week:T", format="%-d %B %Y"), alt.Tooltip("who:N"), alt.Tooltip("people:Q")],
        )
        .configure(background="transparent", font="ui-sans-serif, system-ui, sans-serif")
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=ink, titleColor=ink, gridColor=line, domainColor=line, tickColor=line, labelFontSize=13
        )
        .configure_legend(labelColor=ink, labelFontSize=13)
    )
    made: dict[str, Any] = chart.to_dict()
    return made


def picture(weeks: Sequence[Week]) -> str:
    """The same as SVG, for mail and print. The first one takes seconds: for background work, or behind a cache."""
    import vl_convert

    wide = specification(weeks) | {"width": 720}
    drawn: str = vl_convert.vegalite_to_svg(wide)
    return drawn
