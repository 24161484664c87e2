"""A deployment's settings and a place for raw folders."""

import pytest

from ecommerce.transform import run
from tests.unit.sales.transform.raw_folders import KEY, RawFolders


@pytest.fixture(scope="module", autouse=True)
def settings():
    """The shop is in New York and reports in US dollars."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER_HASH_KEY", KEY)
        patch.setenv("SHOP_TIMEZONE", "America/New_York")
        patch.setenv("REPORTING_CURRENCY", "USD")
        yield patch


@pytest.fixture(
    scope="module", params=["tables", pytest.param("views", marks=pytest.mark.slow)]
)
def world(request, settings, tmp_path_factory):
    """A place for raw folders that the tests of a module share, transformed as a small and as a large day."""
    yield from make_world(request.param, settings, tmp_path_factory)


def make_world(kind, settings, tmp_path_factory):
    """Yield a place for raw folders, which are transformed as a small day (`tables`) or a large one."""
    with settings.context() as patch:
        if kind == "views":
            patch.setattr(run, "FEW_BYTES", 0)
        yield RawFolders(f"file://{tmp_path_factory.mktemp('world')}/run")


@pytest.fixture
def raw(tmp_path):
    return RawFolders(f"file://{tmp_path}/run")
