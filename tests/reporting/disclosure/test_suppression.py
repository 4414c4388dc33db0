"""The core: whatever table it is given, no withheld count can be worked out from the rest."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from helpers.errors import DisclosureRisk
from helpers.reporting.disclosure.rules import Rules
from helpers.reporting.disclosure.suppression import attack, exposed, suppress
from helpers.reporting.disclosure.system import Cell, Relation, System

RULES = Rules()


def two_way(counts, is_rounded):
    """A table with both margins; counts of 1 to 7 may not be published, nor be told apart."""
    rows, columns = counts.shape
    sums = {f"r{i}": ([f"c{i}{j}" for j in range(columns)], counts[i].sum()) for i in range(rows)}
    sums |= {f"k{j}": ([f"c{i}{j}" for i in range(rows)], counts[:, j].sum()) for j in range(columns)}
    sums["all"] = ([f"r{i}" for i in range(rows)], counts.sum())
    values = {f"c{i}{j}": counts[i, j] for i, j in itertools.product(range(rows), range(columns))}
    values |= {name: total for name, (_, total) in sums.items()}

    def cell(name, value):
        shown = RULES.count_shown(value) if is_rounded else (float(value), float(value))
        needs = RULES.small_needs() if RULES.is_small(value) else None
        return Cell(name, float(value), shown, needs, row=name, weight=1.0 if name.startswith("c") else 10.0)

    relations = [Relation((*((part, 1.0) for part in parts), (name, -1.0))) for name, (parts, _) in sums.items()]
    relations.append(Relation((*((f"k{j}", 1.0) for j in range(columns)), ("all", -1.0))))
    return System(tuple(cell(name, value) for name, value in values.items()), tuple(relations))


def attack_in_whole_numbers(system, name, withheld):
    """The strongest attacker: he knows that counts are whole numbers."""
    matrix, ends = system.inequalities
    bounds = system.bounds(withheld)
    goal = np.zeros(len(system.cells))
    goal[system.position[name]] = 1.0
    found = []
    for sign in (1.0, -1.0):
        result = milp(
            sign * goal,
            constraints=LinearConstraint(matrix, -np.inf, ends),
            bounds=Bounds(bounds[:, 0], np.minimum(bounds[:, 1], 1e4)),
            integrality=np.ones(len(goal)),
        )
        assert result.status == 0
        found.append(sign * result.fun)
    return tuple(found)


def propagate_intervals(system, withheld, rounds=60):
    """The classical attack: each relation narrows each of its cells down, again and again."""
    known = system.bounds(withheld)
    for _ in range(rounds):
        for relation in system.relations:
            places = [system.position[name] for name, _ in relation.terms]
            factors = np.array([factor for _, factor in relation.terms])
            for own, (place, factor) in enumerate(zip(places, factors, strict=True)):
                others = [other for other in range(len(places)) if other != own]
                ends = np.array([np.sort(factors[o] * known[places[o]]) for o in others]).sum(axis=0)
                low, high = sorted(((relation.low - ends[1]) / factor, (relation.high - ends[0]) / factor))
                known[place] = max(known[place, 0], low), min(known[place, 1], high)
    return known


tables = st.tuples(st.integers(2, 4), st.integers(2, 4)).flatmap(
    lambda shape: st.lists(
        st.sampled_from([0, 0, 1, 2, 3, 5, 7, 8, 9, 13, 21, 60]), min_size=math.prod(shape), max_size=math.prod(shape)
    ).map(lambda values: np.array(values).reshape(shape))
)


@settings(max_examples=25, deadline=None)
@given(tables, st.booleans())
def test_no_withheld_count_can_be_worked_out_from_any_margin(counts, is_rounded):
    system = two_way(counts, is_rounded)
    pattern = suppress(system)
    assert not exposed(system, pattern.withheld)
    known = propagate_intervals(system, pattern.withheld)
    for cell in system.sensitive:
        low, high = attack_in_whole_numbers(system, cell.name, pattern.withheld)
        assert low <= cell.needs[0], f"{cell} is known to be at least {low}"
        assert high >= cell.needs[1], f"{cell} is known to be at most {high}"
        assert known[system.position[cell.name], 0] <= cell.needs[0] + 1e-6
        assert known[system.position[cell.name], 1] >= cell.needs[1] - 1e-6


def test_primary_suppression_alone_would_give_counts_away():
    counts = np.array([[3, 20, 30], [40, 50, 60]])
    system = two_way(counts, is_rounded=False)
    primary = {cell.row for cell in system.sensitive}
    assert primary == {"c00"}
    assert attack(system, system.cells[0], primary) == pytest.approx((3, 3))
    assert propagate_intervals(system, primary)[0] == pytest.approx((3, 3))
    ((cell, found),) = exposed(system, primary)
    assert (cell.name, found) == ("c00", pytest.approx((3, 3)))
    pattern = suppress(system)
    assert pattern.complementary
    assert not exposed(system, pattern.withheld)


def test_what_is_dear_is_kept_where_something_cheaper_will_do():
    pattern = suppress(two_way(np.array([[3, 20, 30], [40, 50, 60]]), is_rounded=False))
    assert all(name.startswith("c") for name in pattern.withheld)


def test_nothing_more_is_withheld_than_rounding_does_not_protect_already():
    counts = np.array([[3, 20, 30, 20, 45, 50], [40, 50, 60, 70, 80, 90]])
    pattern = suppress(two_way(counts, is_rounded=True))
    assert pattern.withheld == {"c00"}


def test_a_table_without_small_counts_is_published_whole():
    assert suppress(two_way(np.array([[8, 20], [30, 0]]), is_rounded=True)).withheld == frozenset()


def test_a_count_that_ratios_alone_give_away_stops_everything():
    cell = Cell("a", 3.0, (3.0, 3.0), needs=(1.0, 7.0), row="a")
    with pytest.raises(DisclosureRisk, match="whatever else is withheld"):
        suppress(System((cell,), (Relation((("a", 2.0),), 6.0, 6.0),)))


def test_figures_that_contradict_each_other_stop_everything():
    cells = (Cell("a", 9.0, (9.0, 9.0), row="a"), Cell("b", 9.0, (9.0, 9.0), row="b"), Cell("c", 1.0, (0.0, 9.0)))
    system = System(cells, (Relation((("a", 1.0), ("b", 1.0)), 1.0, 1.0),))
    with pytest.raises(DisclosureRisk, match="contradict"):
        attack(system, cells[2], frozenset())
