"""Reporting: figures, tables, verdicts in words, and pages in every language that has a catalogue.

Everything here is made from a run's tables, its manifest and the study folder; nothing is estimated. Open a briefing
with `open_briefing`, draw with the ``…_figure`` functions, and compose the page with `build_findings`.
"""

from helpers.reporting.briefing import Briefing, open_briefing
from helpers.reporting.check_figures import leave_one_out_figure, placebo_figure, worlds_figure
from helpers.reporting.design_figures import adoption_figure, effective_sample_figure, power_figure, trends_figure
from helpers.reporting.design_tables import (
    answerable_tables,
    balance_tables,
    detectable_table,
    reporting_tables,
    weight_tables,
)
from helpers.reporting.design_words import hopeless_list
from helpers.reporting.effect_figures import counterfactual_figure, event_study_figure, forest_figure
from helpers.reporting.effects import Effect, find_effect, read_effects
from helpers.reporting.figure import Figure, NoFigure
from helpers.reporting.findings import SECTIONS, Findings, Section, build_findings
from helpers.reporting.influence_figure import influence_figure
from helpers.reporting.page import Failure, findings_page, page_name, write_findings_page, write_run_index
from helpers.reporting.plan_words import tell_plan
from helpers.reporting.sentences import cohort_sentence, verdict_sentences
from helpers.reporting.specification_curve_figure import specification_curve_figure
from helpers.reporting.tables import Table, frame_table
from helpers.reporting.verdicts import Verdict, adjust_by_holm, decide_verdicts
from helpers.reporting.wording import Wording, languages, open_wording

__all__ = [
    "SECTIONS",
    "Briefing",
    "Effect",
    "Failure",
    "Figure",
    "Findings",
    "NoFigure",
    "Section",
    "Table",
    "Verdict",
    "Wording",
    "adjust_by_holm",
    "adoption_figure",
    "answerable_tables",
    "balance_tables",
    "build_findings",
    "cohort_sentence",
    "counterfactual_figure",
    "decide_verdicts",
    "detectable_table",
    "effective_sample_figure",
    "event_study_figure",
    "find_effect",
    "findings_page",
    "forest_figure",
    "frame_table",
    "hopeless_list",
    "influence_figure",
    "languages",
    "leave_one_out_figure",
    "open_briefing",
    "open_wording",
    "page_name",
    "placebo_figure",
    "power_figure",
    "read_effects",
    "reporting_tables",
    "specification_curve_figure",
    "tell_plan",
    "trends_figure",
    "verdict_sentences",
    "weight_tables",
    "worlds_figure",
    "write_findings_page",
    "write_run_index",
]
