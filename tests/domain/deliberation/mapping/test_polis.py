"""Folders as Polis exports them: what is read, and what a broken one is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from milepost.domain.deliberation.mapping.opinion import as_dict, opinion_map
from milepost.domain.deliberation.mapping.polis import adjusted_rand, read
from milepost.foundation.common.errors import DomainError

HEAD = "timestamp,datetime,comment-id,voter-id,vote\n"


def export(folder: Path, **files: str | bytes) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('_', '-')}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_the_last_vote_counts_wherever_it_stands_in_the_file(tmp_path):
    log = HEAD + "30,x,1,7,-1\n10,x,1,7,1\n20,x,1,8,1\n20,x,1,8,0\n"
    found = read(export(tmp_path, votes=log))
    assert (list(found.votes.people), list(found.votes.value), found.changed) == ([7, 8], [-1, 0], 2)


def test_a_table_alone_gives_the_same_votes(tmp_path):
    log = HEAD + "1,x,10,1,1\n1,x,12,1,-1\n1,x,10,2,0\n"
    table = "participant,group-id,n-comments,n-votes,n-agree,n-disagree,10,12\n1,0,0,2,1,1,1,-1\n2,,0,1,0,0,0,\n3,,0,0,0,0,,\n"
    one = read(export(tmp_path, votes=log)).votes
    (tmp_path / "votes.csv").unlink()
    found = read(export(tmp_path, participants_votes=table.replace("\n", "\r\n")))
    assert (found.votes.people, found.votes.statements) == (one.people, one.statements)
    assert list(found.votes.value) == list(one.value)
    assert found.group_of == {1: "0"}


def test_words_and_moderation_come_from_comments(tmp_path):
    comments = 'comment-id,moderated,comment-body\n1,-1,"one\nline more"\n2,0,نص من اليمين\n3,1,' + "x" * 10_000 + "\n"
    found = read(export(tmp_path, votes=HEAD + "1,x,1,1,1\n", comments=comments))
    assert found.moderated_out == {1}
    assert (found.texts[1], found.texts[2], len(found.texts[3])) == ("one\nline more", "نص من اليمين", 10_000)
    told = as_dict(opinion_map(found.votes, found.moderated_out), found.texts, found.moderated_out)
    assert (told["statements"], told["statements_voted_on"], told["moderated_out"]) == (3, 1, 1)
    assert [one["seen"] for one in told["statement_counts"]] == [1, 0, 0]


@pytest.mark.parametrize(
    ("files", "line", "said"),
    [
        ({"votes": ""}, 1, "empty"),
        ({"votes": "timestamp,comment-id,vote\n"}, 1, "no column voter-id"),
        ({"votes": HEAD + "1,x,1,1,1\n1,x,1\n"}, 3, "3 fields"),
        ({"votes": HEAD + "1,x,1,1,2\n"}, 2, "no vote"),
        ({"votes": HEAD + "1,x,1,1,\n"}, 2, "no vote"),
        ({"votes": HEAD + "1,x,one,1,1\n"}, 2, "no comment-id"),
        ({"votes": HEAD + "soon,x,1,1,1\n"}, 2, "no timestamp"),
        ({"votes": HEAD.encode() + b"1,\xff,1,1,1\n"}, 1, "UTF-8"),
        ({"votes": HEAD + '1,"x,1,1,1\n1,x,1,1,1\n'}, 2, "not readable as CSV"),
        ({"participants_votes": "participant,1,1\n"}, 1, "two columns"),
        ({"participants_votes": "participant,1\n5,1\n5,1\n"}, 3, "twice"),
        ({"participants_votes": "participant,1\n5,maybe\n"}, 2, "no vote"),
        ({"votes": HEAD, "comments": "comment-id,moderated\n1,0\n1,0\n"}, 3, "twice"),
        ({"votes": HEAD, "comments": "comment-id,moderated\n1,7\n"}, 2, "no moderation"),
    ],
)
def test_a_broken_file_names_the_line_and_what_was_expected(tmp_path, files, line, said):
    with pytest.raises(DomainError) as refused:
        read(export(tmp_path, **files))
    assert f"line {line}:" in refused.value.message
    assert said in refused.value.message
    assert refused.value.hint.startswith("Expected ")


def test_no_folder_and_an_empty_one(tmp_path):
    with pytest.raises(DomainError, match="no folder"):
        read(tmp_path / "absent")
    with pytest.raises(DomainError, match="neither votes.csv"):
        read(tmp_path)


def test_a_log_without_votes_is_an_empty_map(tmp_path):
    found = as_dict(opinion_map(read(export(tmp_path, votes=HEAD)).votes))
    assert (found["people"], found["statements"], found["groups"]) == (0, 0, [])


def test_adjusted_rand_knows_renamed_groups_and_chance():
    assert adjusted_rand([0, 0, 1, 1], ["b", "b", "a", "a"]) == 1.0
    # Worked by hand: 1 pair together in both, 2 and 2 in each, 6 in all: (1 - 4/6) / (2 - 4/6).
    assert adjusted_rand([0, 0, 1, 1, 2], [0, 0, 1, 2, 1]) == pytest.approx((1 - 4 / 10) / (2 - 4 / 10))


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["seattle-15", "nz-biodiversity", "vtaiwan-uberx"])
def test_real_conversations_agree_with_polis(shared_data, name):
    folder = shared_data / "cocreate"
    expected = json.loads((folder / "expected" / "polis" / f"{name}.json").read_text())
    classic = expected["classic"]
    found = read(folder / "polis" / name)
    drawn = opinion_map(found.votes, found.moderated_out)
    told = as_dict(drawn, found.texts, found.moderated_out)
    assert (told["people"], told["statements"]) == (expected["participants"], expected["statements"])
    assert (told["moderated_out"], told["votes"]) == (expected["moderated_out"], expected["distinct_cells"])
    assert told["variance_explained"] == pytest.approx(classic["pca_explained_variance_ratio"], abs=5e-4)
    assert drawn.plane.variance == pytest.approx(classic["pca_singular_or_variance"], abs=5e-4)
    first = drawn.plane.components[0][:10]
    sign = np.sign(first @ np.array(classic["pc1_first10"]))
    assert (first * sign).tolist() == pytest.approx(classic["pc1_first10"], abs=5e-4)
    assert drawn.plane.means[:10].tolist() == pytest.approx(classic["statement_mean_first10"], abs=5e-4)
    for side, some in classic["consensus"].items():
        one = [(c["statement"], c["n_success"], c["n_trials"]) for c in told["consensus"][side]]
        assert one == [(c["tid"], c["n-success"], c["n-trials"]) for c in some]
    assert told["in_groups"] == classic["clustered_participants"]
    both = [(g, found.group_of.get(p)) for p, g in zip(drawn.votes.people, drawn.group_of, strict=True)]
    both = [(ours, theirs) for ours, theirs in both if ours >= 0 and theirs]
    assert adjusted_rand(*zip(*both, strict=True)) >= 0.8


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["seattle-15", "nz-biodiversity", "vtaiwan-uberx"])
def test_projections_are_those_of_the_whole_matrix(shared_data, name):
    """By another way: the full matrix, singular values, and Polis' scaling written out."""
    found = read(shared_data / "cocreate" / "polis" / name)
    votes = found.votes
    matrix = np.full((len(votes.people), len(votes.statements)), np.nan)
    matrix[votes.person, votes.statement] = votes.value
    matrix[:, [s in found.moderated_out for s in votes.statements]] = 0
    means = np.nanmean(matrix, axis=0)
    centred = np.where(np.isnan(matrix), 0, matrix - means)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
    seen = (~np.isnan(matrix)).sum(axis=1)
    points = centred @ directions.T * np.sqrt(matrix.shape[1] / seen)[:, None]
    drawn = opinion_map(votes, found.moderated_out).plane.points
    for axis in (0, 1):
        sign = np.sign(points[:, axis] @ drawn[:, axis])
        assert np.abs(points[:, axis] * sign - drawn[:, axis]).max() < 5e-4
