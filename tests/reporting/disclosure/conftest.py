"""Two restricted runs: one with two pilots among its wards, one whose cohorts are both large enough."""

from dataclasses import replace

import pytest

from restricted import Case, make_case


@pytest.fixture(scope="session")
def case() -> Case:
    return make_case({"2021": 2, "2022": 8})


@pytest.fixture(scope="session")
def roomy() -> Case:
    return make_case({"2021": 6, "2022": 8}, ["crime"])


@pytest.fixture
def approved(case: Case) -> Case:
    named = replace(case.study.disclosure, approved_by="Trần Thị B, Phòng Tham mưu, 2024-03-01")
    return replace(case, study=replace(case.study, disclosure=named))
