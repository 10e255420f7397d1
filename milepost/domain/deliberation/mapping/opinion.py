"""One opinion map: from votes to plane, groups and what they say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .components import Plane, plane
from .grouping import Groups, grouped
from .statistics import AT_MOST, Chosen, Statistics, consensus, representative, statistics
from .votes import Ints, Votes

VOTES_TO_STAND = 7
"""Whoever has voted on fewer statements (or on fewer than all, where there are fewer) is in no group."""
FEWEST_PEOPLE = 15
"""With fewer such people, those who voted most fill up to this many, and all who voted as often as the last of them."""


@dataclass(frozen=True, slots=True)
class OpinionMap:
    votes: Votes
    left_out: NDArray[np.bool_]
    """Statements that moderation took out: counted, but not part of the map."""
    plane: Plane
    standing: NDArray[np.bool_]
    """Who has voted enough to be in a group."""
    groups: Groups
    """Of those, in their order."""
    counts: Ints
    """(3, statements), of everyone."""
    group_counts: Ints
    """(groups, 3, statements)."""
    statistics: Statistics
    consensus: dict[str, list[Chosen]]
    representative: list[list[Chosen]]
    divisive: list[int]
    """Statements on which people stand out most, by Polis' extremity."""

    @property
    def group_of(self) -> Ints:
        """The group of each person; -1 for none."""
        label = np.full(len(self.votes.people), -1, dtype=np.int64)
        label[self.standing] = self.groups.label
        return label


def opinion_map(votes: Votes, moderated_out: Collection[Any] = (), *, least: int = 1) -> OpinionMap:
    """The map of `votes`, without the statements `moderated_out`; no group smaller than `least`.

    An empty set of votes gives an empty map.
    """
    out = set(moderated_out)
    left_out = np.fromiter((s in out for s in votes.statements), bool, len(votes.statements))
    flat = plane(votes, left_out)
    standing = _standing(votes)
    groups = grouped(flat.points[standing], least=least)
    label = np.full(len(votes.people), -1, dtype=np.int64)
    label[standing] = groups.label
    counts = votes.counts()
    each = [votes.counts(label == g) for g in range(len(groups.sizes))]
    group_counts = np.stack(each) if each else np.zeros((0, *counts.shape), dtype=np.int64)
    found = statistics(group_counts)
    order = sorted(
        np.flatnonzero(~left_out & (flat.extremity > 0)), key=lambda s: (-round(float(flat.extremity[s]), 9), s)
    )
    return OpinionMap(
        votes=votes,
        left_out=left_out,
        plane=flat,
        standing=standing,
        groups=groups,
        counts=counts,
        group_counts=group_counts,
        statistics=found,
        consensus=consensus(counts, left_out),
        representative=representative(found, left_out),
        divisive=[int(s) for s in order[:AT_MOST]],
    )


def _standing(votes: Votes) -> NDArray[np.bool_]:
    cast = votes.per_person
    enough = np.asarray(cast >= min(VOTES_TO_STAND, len(votes.statements)))
    if enough.sum() < FEWEST_PEOPLE and len(cast):
        least = np.sort(cast)[::-1][min(FEWEST_PEOPLE, len(cast)) - 1]
        enough |= cast >= least
    return enough


def as_dict(
    found: OpinionMap, texts: dict[Any, str] | None = None, moderated_out: Collection[Any] = ()
) -> dict[str, Any]:
    """The map as plain values, for JSON; `texts` are the words of all statements, those without a vote too."""
    votes = found.votes
    groups = range(len(found.groups.sizes))
    unseen = sorted(set(texts or ()) - set(votes.statements))
    return {
        "people": len(votes.people),
        "statements": len(votes.statements) + len(unseen),
        "statements_voted_on": len(votes.statements),
        "moderated_out": len(set(moderated_out) & {*votes.statements, *unseen}),
        "votes": len(votes.value),
        "variance_explained": [float(v) for v in found.plane.explained],
        "silhouette": found.groups.silhouette,
        "in_groups": int(found.groups.sizes.sum()),
        "groups": [
            {
                "id": g,
                "size": int(found.groups.sizes[g]),
                "centre": [float(v) for v in found.groups.centres[g]],
                "representative": [_picked(found, one) for one in found.representative[g]],
            }
            for g in groups
        ],
        "consensus": {side: [_picked(found, one) for one in some] for side, some in found.consensus.items()},
        "divisive": [
            {"statement": votes.statements[s], "extremity": float(found.plane.extremity[s])} for s in found.divisive
        ],
        "representative": {str(g): [_picked(found, one) for one in found.representative[g]] for g in groups},
        "statement_counts": [
            *(_statement(found, s, (texts or {}).get(votes.statements[s], "")) for s in range(len(votes.statements))),
            *(_unseen(one, (texts or {}).get(one, ""), one in moderated_out, len(groups)) for one in unseen),
        ],
        "projections": [
            {"person": person, "x": float(x), "y": float(y), "group": int(g) if g >= 0 else None}
            for person, (x, y), g in zip(votes.people, found.plane.points, found.group_of, strict=True)
        ],
    }


def _statement(found: OpinionMap, s: int, text: str) -> dict[str, Any]:
    stats, flat = found.statistics, found.plane
    return {
        "statement": found.votes.statements[s],
        "text": text,
        "moderated_out": bool(found.left_out[s]),
        **_counted(found.counts[:, s]),
        "groups": [{"group": g, **_counted(one[:, s])} for g, one in enumerate(found.group_counts)],
        "group_aware_consensus": {
            "agree": float(stats.agree_everywhere[s]),
            "disagree": float(stats.disagree_everywhere[s]),
        },
        "component": [float(v) for v in flat.components[:, s]],
        "mean": float(flat.means[s]),
        "extremity": float(flat.extremity[s]),
    }


def _unseen(statement: Any, text: str, moderated_out: bool, groups: int) -> dict[str, Any]:
    none = {"agree": 0, "disagree": 0, "pass": 0, "seen": 0}
    return {
        "statement": statement,
        "text": text,
        "moderated_out": moderated_out,
        **none,
        "groups": [{"group": g, **none} for g in range(groups)],
        "group_aware_consensus": {"agree": 0.5**groups, "disagree": 0.5**groups},
        "component": [0.0, 0.0],
        "mean": 0.0,
        "extremity": 0.0,
    }


def _counted(counts: Ints) -> dict[str, int]:
    agree, disagree, passed = (int(n) for n in counts)
    return {"agree": agree, "disagree": disagree, "pass": passed, "seen": agree + disagree + passed}


def _picked(found: OpinionMap, one: Chosen) -> dict[str, Any]:
    """As Polis names them, so that its exports can be compared."""
    told = {
        "statement": found.votes.statements[one.statement],
        "side": one.side,
        "n_success": one.votes,
        "n_trials": one.seen,
        "p_success": one.share,
        "p_test": one.share_test,
    }
    if one.repness is not None:
        told |= {
            "repness": one.repness,
            "repness_test": one.repness_test,
            "best_agree": one.is_best_agreed,
        }
    return told
