"""Penalties by name."""

import pytest

import skensemble.linear_model.penalties as room
from skensemble.linear_model.penalties import (
    L1,
    FormPenalty,
    NoPenalty,
    Penalty,
    as_penalty,
    penalty_names,
)


def test_every_penalty_has_a_name():
    classes = {
        one
        for one in (getattr(room, name) for name in room.__all__)
        if isinstance(one, type) and issubclass(one, Penalty)
    }
    assert set(penalty_names().values()) == classes - {Penalty, FormPenalty}
    assert {
        "none",
        "l1",
        "l2",
        "elasticnet",
        "group_lasso",
        "sparse_group_lasso",
        "mcp",
        "scad",
        "adaptive",
        "bounded",
        "non_negative",
    } <= set(penalty_names())


def test_names_are_taken_for_penalties():
    mine = L1(0.3)
    assert as_penalty(mine) is mine
    assert isinstance(as_penalty(None), NoPenalty)
    assert repr(as_penalty("elasticnet", l1_ratio=0.1)) == (
        "ElasticNetPenalty(l1_ratio=0.1)"
    )
    for name, cls in penalty_names().items():
        assert type(as_penalty(name)) is cls


def test_those_of_users_are_theirs():
    class Mine(Penalty):
        def __init__(self, alpha=1.0):
            self.alpha = alpha

    assert Mine not in penalty_names().values()
    mine = Mine()
    assert as_penalty(mine) is mine
    for ask in ("value", "prox", "violation"):
        with pytest.raises(NotImplementedError, match=f"Mine does not define {ask}"):
            getattr(mine, ask)(*[None] * (1 if ask == "value" else 2))


@pytest.mark.parametrize(
    ("penalty", "says"),
    [
        (L1, r"penalty=L1 is a class; use an instance: L1\(\)"),
        ("lasso", r"penalty='lasso' is not known.*one of \['adaptive', 'bounded', "),
        ("lasso", "did you mean 'l1'"),
        ("ridge", "did you mean 'l2'"),
        ("ElasticNet", "did you mean 'elasticnet'"),
        ("grouplasso", r"did you mean GroupLasso\(groups=...\)"),
        ("elastic-nett", "did you mean 'elasticnet'"),
        ("zebra", "penalty='zebra' is not known; use a Penalty"),
        (0.1, "penalty=0.1 is not known"),
        (["l1"], r"penalty=\['l1'\] is not known"),
    ],
)
def test_refuses_in_words(penalty, says):
    with pytest.raises(ValueError, match=says):
        as_penalty(penalty)
