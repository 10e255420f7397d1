"""The figures as tables, each beside what is aimed at."""

from __future__ import annotations

from typing import Any

from ..terminal import in_columns


def of_import(found: dict[str, Any]) -> str:
    aims = found["targets"]
    parts = [f"Import of {found['messages']:,} messages from a Slack export"]
    for database in ("sqlite", "postgresql"):
        if database not in found:
            continue
        one = found[database]
        whole, floor = one["import"], one["floor"]
        rows = [
            [database, "measured", "aim"],
            ["CPU against plain json and " + ("COPY" if database == "postgresql" else "executemany"),
             f"{one['ratio']:.2f} times", f"at most {aims['ratio']}"],
            ["Messages a CPU second", f"{one['messages_per_cpu_second']:,}", f"at least {aims['messages_per_cpu_second']:,}"],
            ["Peak memory", _mb(one["peak_memory"]), f"under {_mb(aims['peak_memory'])}"],
            ["Peak memory at a tenth of it", _mb(one["peak_memory_at_a_tenth"]), "the same"],
            ["CPU: reading and writing", f"{whole['cpu_loading']:.1f} s", ""],
            ["CPU: counting and indexing", f"{whole['cpu_readers']:.1f} s", ""],
            ["CPU of the floor", f"{floor['cpu']:.1f} s", ""],
            ["Time on the clock", f"{whole['seconds']:.1f} s (floor {floor['seconds']:.1f} s)", ""],
            ["The floor made the same rows", "yes" if one["same_rows"] else "no", "yes"],
        ]  # fmt: skip
        parts.append(in_columns(rows))
    return "\n\n".join(parts)


def of_pages(found: dict[str, Any]) -> str:
    aims, full, small = found["targets"], found["full"], found["small"]
    rows = [["page", "queries", "at a tenth", "CPU", "times the floor", "first reading", "size"]]
    for name, one in full.items():
        rows.append(
            [name, str(one["queries"]), str(small[name]["queries"]), f"{one['cpu_ms']:.1f} ms", f"{one['ratio']:.2f}",
             f"{one['first_cpu_ms']:.1f} ms", f"{one['bytes']:,} B"]
        )  # fmt: skip
    rows.append(["aim", f"at most {aims['queries']}", "the same", "", f"at most {aims['ratio']}", "", ""])
    weight = found["weight"]
    weights = [
        ["first view", "measured", "aim"],
        ["Script", f"{weight['script']:,} B", f"under {aims['script']:,} B"],
        ["Style", f"{weight['css']:,} B", f"under {aims['css']:,} B"],
        ["All of it on the wire", f"{weight['first_view']:,} B", f"under {aims['first_view']:,} B"],
        ["The same behind a proxy that compresses pages", f"{weight['first_view_behind_proxy']:,} B", ""],
    ]
    wire = [["HTTP", *(f"{n} connection{'s' if n != '1' else ''}: p50, p95, a second" for n in _levels(found))]]
    for name, levels in found["http"].items():
        wire.append([name, *(_answered(one) for one in levels.values())])
    title = f"Pages of {found['members']:,} members and {found['posts']:,} posts on {found['database']}"
    return "\n\n".join([title, in_columns(rows), in_columns(weights), in_columns(wire)])


def _levels(found: dict[str, Any]) -> list[str]:
    return list(next(iter(found["http"].values())))


def _answered(one: dict[str, Any]) -> str:
    failed = f", {one['failed']} failed" if one["failed"] else ""
    return f"{one['p50_ms']:.0f} ms, {one['p95_ms']:.0f} ms, {one['per_second']:.0f}{failed}"


def of_posting(found: dict[str, Any]) -> str:
    aims, quiet, during = found["targets"], found["quiet"], found["during"]
    rows = [
        ["reply", "quiet site", "during the import", "aim"],
        ["p50", _ms(quiet["p50_ms"]), _ms(during["p50_ms"]), ""],
        ["p95", _ms(quiet["p95_ms"]), _ms(during["p95_ms"]), f"under {aims['p95_ms']} ms"],
        ["longest", _ms(quiet["max_ms"]), _ms(during["max_ms"]), ""],
        ["replies", str(quiet["replies"]), str(during["replies"]), ""],
        ["refused", str(sum(quiet["refused"].values())), str(sum(during["refused"].values())), "0"],
        ["lost", "", str(found["lost"]), "0"],
        ["lock errors", "", str(found["lock_errors"]), str(aims["lock_errors"])],
    ]
    title = f"Posting during an import of {found['messages']:,} messages on {found['database']}"
    return f"{title} ({found['import_seconds']:.0f} s)\n\n{in_columns(rows)}"


def of_milestones(found: dict[str, Any]) -> str:
    aims = found["targets"]
    rows = [["first days of everyone", "CPU", "by hand", "times", "people", "the same people and days"]]
    for database in ("sqlite", "postgresql"):
        for name, one in found.get(database, {}).items():
            if isinstance(one, dict) and "ratio" in one:
                rows.append(
                    [f"{name}, {database}", f"{one['ours']:.2f} s", f"{one['floor']:.2f} s", f"{one['ratio']:.2f}",
                     f"{one['people']:,}", "yes" if one["same"] else "no"]
                )  # fmt: skip
    rows.append(["aim", "", "", f"at most {aims['ratio']}", "", "yes"])
    curve = [["50 milestones in force", "activities a second", "CPU an activity", "peak memory"]]
    for one in found["curve"]:
        curve.append(
            [f"{one['members']:,} members", f"{one['activities_per_second']:,}", f"{one['microseconds_an_activity']:.0f} µs",
             _mb(one["peak_memory"] - one["mapped_files"])]
        )  # fmt: skip
    curve.append(["aim", f"at least {aims['activities_per_second']:,}", "flat", f"under {_mb(aims['peak_memory'])}"])
    title = f"Milestones of {found['members']:,} members with {found['activities']:,} activities"
    return "\n\n".join([title, in_columns(rows), in_columns(curve)])


def _ms(value: float) -> str:
    return f"{value:.0f} ms"


def _mb(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


def of_segments(found: dict[str, Any]) -> str:
    aims = found["targets"]
    rows = [["segment of five clauses", "ours", "by hand", "ratio", "next days", "members", "the same", "preview"]]
    for database in ("sqlite", "postgresql"):
        if database in found:
            one = found[database]
            rows.append(
                [database, f"{one['ours']:.2f} s", f"{one['floor']:.2f} s", f"{one['ratio']:.2f}", f"{one['next_days']:.2f} s",
                 f"{one['people']:,}", "yes" if one["same"] else "no", f"{one['preview_seconds']:.2f} s"]
            )  # fmt: skip
    rows.append(["aim", "", "", f"at most {aims['ratio']}", "", "", "yes", f"at most {aims['preview_seconds']:.0f} s"])
    title = f"Segments of {found['members']:,} members and {found['activities']:,} activities, with their membership written"
    return f"{title}\n\n{in_columns(rows)}"
