"""The gates whose firing is measured, each as a function of an analysis and its study."""

from collections.abc import Callable

from helpers.checks.gates import Check
from helpers.checks.leave_one_out import leave_one_town_out
from helpers.checks.mean_reversion import mean_reversion
from helpers.checks.placebo_date import placebo_date
from helpers.checks.pre_trends import pre_trends
from helpers.checks.spillover import spillover
from helpers.estimation.specification import CONFIRMATORY
from helpers.inference.analysis import Analysis
from helpers.study.objects import Study

CHECKS: dict[str, Callable[[Analysis, Study], list[Check]]] = {
    "pre_trends": lambda analysis, study: pre_trends(analysis, CONFIRMATORY),
    "placebo_date": lambda analysis, study: placebo_date(analysis, CONFIRMATORY),
    "leave_one_out": lambda analysis, study: [leave_one_town_out(analysis, CONFIRMATORY)],
    "spillover": lambda analysis, study: [spillover(analysis, CONFIRMATORY, study)],
    "mean_reversion": lambda analysis, study: [mean_reversion(analysis, CONFIRMATORY, study)],
}
