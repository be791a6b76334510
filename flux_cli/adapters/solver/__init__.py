"""The exact cart, by mixed-integer programming with HiGHS.

The internet shopping optimisation problem (Błażewicz et al., 2010) with shipping thresholds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flux_cli.domain.cart_problem import (
    Aim,
    Answer,
    CartProblem,
    Proof,
    objective_of,
    violations,
)
from flux_cli.errors import WorkFailed

if TYPE_CHECKING:
    import highspy

FINEST = 1e-9
"""HiGHS's tolerances: a cent in ten million dollars still counts."""


class HighsSolver:
    """Proves the least cost or the most value; the same problem gives the same cart."""

    def __init__(self, seconds: float = 20.0) -> None:
        self._seconds = seconds

    def solve(self, problem: CartProblem, aim: Aim) -> Answer:
        """The best cart and its proof; among equal ones the least `tie`, by a second solve where
        there are ties to weigh.

        What HiGHS answers is added up again in whole cents. Raises `WorkFailed` where that does
        not agree.
        """
        model = _Model(problem, self._seconds)
        first = model.best(aim)
        if first is None:
            return Answer(model.proof())
        counts, bound = first
        best = objective_of(problem, counts, aim)
        tied = aim is Aim.COST and any(choice.tie for choice in problem.choices)
        if tied and model.proof() is Proof.OPTIMAL:
            counts = model.tied(best, counts)
        broken = violations(problem, counts)
        if broken or objective_of(problem, counts, aim) != best:
            raise WorkFailed(f"the solver's cart does not add up: {'; '.join(broken)}")
        return Answer(model.proof(), tuple(counts), best, bound)


class _Model:
    """The problem as HiGHS takes it. Columns: packs of each choice, then per seller whether it
    is used and whether it ships free, then per item whether it is bought."""

    def __init__(self, problem: CartProblem, seconds: float) -> None:
        import highspy

        self._problem = problem
        self._n = len(problem.choices)
        self._rows: list[tuple[float, float, list[int], list[float]]] = []
        self._build()
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 0),
            ("time_limit", seconds),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.5),
            ("mip_feasibility_tolerance", FINEST),
            ("primal_feasibility_tolerance", FINEST),
        ):
            self._highs.setOptionValue(option, value)
        self._optimal: Proof = Proof.UNKNOWN
        self._pass()

    def best(self, aim: Aim) -> tuple[list[int], int] | None:
        """The counts of the best cart and the bound on every cart, None where none was found."""
        self._objective(self._value() if aim is Aim.VALUE else self._cost(), aim)
        self._highs.run()
        self._optimal = _proof(self._highs)
        if self._optimal not in (Proof.OPTIMAL, Proof.FEASIBLE):
            return None
        counts, bound = self._counts(), self._highs.getInfo().mip_dual_bound
        if self._optimal is Proof.OPTIMAL:
            # The objective is whole cents and the gap is under one: the bound is the objective.
            return counts, objective_of(self._problem, counts, aim)
        return counts, int(bound)

    def proof(self) -> Proof:
        """What the last first solve proved."""
        return self._optimal

    def tied(self, best: int, counts: list[int]) -> list[int]:
        """Of all carts that cost `best`, the one with the least ties; `counts` if none is found."""
        cost = self._cost()
        columns = [column for column, value in enumerate(cost) if value]
        values = [cost[column] for column in columns]
        self._highs.addRow(-self._inf, best + 0.5, len(columns), columns, values)
        found = self._highs.getSolution()
        ties = [float(choice.tie) for choice in self._problem.choices]
        self._objective(ties + [0.0] * (self._columns - self._n), Aim.COST)
        # The first cart is a cart and the one to beat, so there is none to look for.
        self._highs.setSolution(found)
        self._highs.setOptionValue("mip_heuristic_effort", 0.0)
        self._highs.run()
        if _proof(self._highs) not in (Proof.OPTIMAL, Proof.FEASIBLE):
            return counts
        again = self._counts()
        same = objective_of(self._problem, again, Aim.COST) == best
        return again if same and not violations(self._problem, again) else counts

    def _counts(self) -> list[int]:
        return [round(value) for value in self._highs.getSolution().col_value[: self._n]]

    def _cost(self) -> list[float]:
        used = [float(seller.fee + seller.penalty) for seller in self._problem.sellers]
        free = [-float(seller.fee) for seller in self._problem.sellers]
        goods = [float(choice.price) for choice in self._problem.choices]
        return goods + used + free + [0.0] * len(self._problem.items)

    def _value(self) -> list[float]:
        values = [0.0 if item.required else float(item.value) for item in self._problem.items]
        return [0.0] * (self._columns - len(values)) + values

    def _build(self) -> None:
        """Collect the rows (least, most, columns, values)."""
        import highspy

        problem, inf = self._problem, highspy.kHighsInf
        self._inf = inf
        sellers, used, free = len(problem.sellers), self._n, self._n + len(problem.sellers)
        bought = free + sellers
        self._columns = bought + len(problem.items)
        packs = problem.largest_packs()
        of_item: list[list[int]] = [[] for _ in problem.items]
        of_seller: list[list[int]] = [[] for _ in problem.sellers]
        for number, choice in enumerate(problem.choices):
            of_item[choice.item].append(number)
            of_seller[choice.seller].append(number)
            self._row(-inf, 0, [number, used + choice.seller], [1, -choice.most])
        for number, item in enumerate(problem.items):
            columns = [*of_item[number], bought + number]
            units = [problem.choices[column].pack for column in of_item[number]]
            self._row(0, inf, columns, [*units, -item.quantity])
            self._row(-inf, 0, columns, [*units, -(item.quantity + max(0, packs[number] - 1))])
        for number, seller in enumerate(problem.sellers):
            columns = of_seller[number]
            prices = [problem.choices[column].price for column in columns]
            if seller.free_from is not None and seller.fee:
                self._row(0, inf, [*columns, free + number], [*prices, -seller.free_from])
                self._row(-inf, 0, [free + number, used + number], [1, -1])
            if seller.minimum:
                self._row(0, inf, [*columns, used + number], [*prices, -seller.minimum])
        if problem.most_sellers is not None:
            self._row(-inf, problem.most_sellers, list(range(used, free)), [1] * sellers)
        self._bounds(bought)

    def _bounds(self, bought: int) -> None:
        problem = self._problem
        cost = self._cost()
        if problem.budget is not None:
            paid = list(cost)
            for number, seller in enumerate(problem.sellers):
                paid[self._n + number] = seller.fee
            columns = [column for column, value in enumerate(paid) if value]
            self._row(-self._inf, problem.budget, columns, [paid[column] for column in columns])
        if problem.least_value:
            optional = [n for n, item in enumerate(problem.items) if not item.required]
            values = [problem.items[n].value for n in optional]
            self._row(problem.least_value, self._inf, [bought + n for n in optional], values)

    def _row(self, least: float, most: float, columns: list[int], values: list[Any]) -> None:
        self._rows.append((least, most, columns, [float(value) for value in values]))

    def _pass(self) -> None:
        """Give HiGHS the columns and rows in two calls: one call a row would cost more than
        solving."""
        import highspy
        import numpy

        problem = self._problem
        upper = [float(choice.most) for choice in problem.choices]
        upper += [1.0] * len(problem.sellers)
        upper += [float(s.free_from is not None and s.fee > 0) for s in problem.sellers]
        upper += [1.0] * len(problem.items)
        lower = [0.0] * (self._columns - len(problem.items))
        lower += [float(item.required) for item in problem.items]
        starts, columns, values = [0], [], []
        for _, _, row_columns, row_values in self._rows:
            columns += row_columns
            values += row_values
            starts.append(len(columns))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self._columns, len(self._rows)
        lp.col_cost_ = numpy.zeros(self._columns)
        lp.col_lower_, lp.col_upper_ = numpy.array(lower), numpy.array(upper)
        lp.row_lower_ = numpy.array([float(row[0]) for row in self._rows])
        lp.row_upper_ = numpy.array([float(row[1]) for row in self._rows])
        lp.integrality_ = [highspy.HighsVarType.kInteger] * self._columns
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = numpy.array(starts, dtype=numpy.int32)
        lp.a_matrix_.index_ = numpy.array(columns, dtype=numpy.int32)
        lp.a_matrix_.value_ = numpy.array(values)
        self._highs.passModel(lp)

    def _objective(self, costs: list[float], aim: Aim) -> None:
        import highspy
        import numpy

        columns = numpy.arange(self._columns, dtype=numpy.int32)
        self._highs.changeColsCost(self._columns, columns, numpy.array(costs))
        sense = highspy.ObjSense.kMaximize if aim is Aim.VALUE else highspy.ObjSense.kMinimize
        self._highs.changeObjectiveSense(sense)


def _proof(highs: highspy.Highs) -> Proof:
    import highspy

    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return Proof.OPTIMAL
    if status in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    ):
        return Proof.INFEASIBLE
    found = highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return Proof.FEASIBLE if found else Proof.UNKNOWN
