"""What holds for every test and docstring example: outputs go to a temporary folder, and nothing is left to chance."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _outputs_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    os.environ["MODEL_WARDS_OUTPUT"] = str(tmp_path_factory.mktemp("output"))
    yield
    del os.environ["MODEL_WARDS_OUTPUT"]
