import pytest

from helpers.batch.parameters import (
    MODELS,
    CheckParameters,
    DescribeParameters,
    EstimateParameters,
    ReportParameters,
    effective_parameters,
    notebook_named,
    parameters_key,
)
from helpers.errors import UsageError
from helpers.study import load_study


def test_an_unknown_name_is_refused_with_the_nearest_valid_one() -> None:
    with pytest.raises(UsageError, match="“indcator”; did you mean “indicator”"):
        EstimateParameters.checked({"indcator": "fires"})


def test_a_parameter_of_another_notebook_is_refused() -> None:
    with pytest.raises(UsageError, match="Unknown parameter “language”"):
        EstimateParameters.checked({"language": "vi"})


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"n_draws": "999"}, "n_draws"),
        ({"n_draws": 0}, "n_draws"),
        ({"seed": 1.5}, "seed"),
        ({"roster": "known"}, "roster"),
        ({"anticipation": -2}, "anticipation"),
        ({"run": "../escape"}, "run"),
        ({"run": ""}, "run"),
        ({"timing": 3}, "timing"),
        ({"indicator": True}, "indicator"),
    ],
)
def test_a_value_of_another_type_or_range_is_refused_by_name(values: dict[str, object], name: str) -> None:
    with pytest.raises(UsageError, match=name):
        EstimateParameters.checked(values)


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        EstimateParameters.checked({"n_draws": "many", "seed": -1})
    assert "n_draws" in str(caught.value)
    assert "seed" in str(caught.value)


def test_the_findings_know_two_languages() -> None:
    assert ReportParameters.checked({"language": "en"}).language == "en"
    with pytest.raises(UsageError, match="language"):
        ReportParameters.checked({"language": "fr"})


def test_defaults_are_filled_in_from_the_study() -> None:
    study = load_study("nghe_an")
    filled = effective_parameters(DescribeParameters(), study)
    assert filled == DescribeParameters(
        timing="main", reading="A", roster="given", anticipation=3, window_first="2019-01", window_last="2023-12"
    )
    assert effective_parameters(DescribeParameters(anticipation=0), study).anticipation == 0


def test_the_key_names_indicator_and_departures_from_the_default_only() -> None:
    study = load_study("nghe_an")
    assert parameters_key(EstimateParameters(indicator="fires", timing="main", seed=5), study) == "fires"
    departing = CheckParameters(indicator="fires", roster="worlds", anticipation=0)
    assert parameters_key(departing, study) == "fires.roster-worlds.anticipation-0"
    assert parameters_key(ReportParameters(language="en"), study) == "en"
    assert parameters_key(DescribeParameters(), study) == ""


def test_notebooks_are_named_by_number_or_file() -> None:
    assert notebook_named("3") == notebook_named("03") == notebook_named("notebooks/03_estimate_effect.ipynb")
    with pytest.raises(UsageError, match="did you mean “03_estimate_effect”"):
        notebook_named("03_estimate_efect")
    assert list(MODELS) == sorted(MODELS)
