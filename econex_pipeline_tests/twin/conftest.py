import pytest

from econex_pipeline.twin import Twin
from econex_pipeline_tests.twin.synthetic import pilot


@pytest.fixture(scope="session")
def district():
    return pilot()


@pytest.fixture(scope="session")
def twin(district):
    return Twin(district)


@pytest.fixture(scope="session")
def drawing(district):
    """The twin without its hidden mismatch."""
    return Twin(district, mismatch=False)
