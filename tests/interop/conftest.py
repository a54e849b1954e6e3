# SPDX-License-Identifier: Apache-2.0
"""The servers, and the fixtures, limits and count of the mount tests.

Servers are started once, all at the same time. Tests of one server do not disturb each other: each takes
people of its own (tests/interop/test_job.py), and compares what was before with what is after.
"""

import concurrent.futures
import importlib.util
import os
import pathlib
import sys

import pytest

MOUNT = pathlib.Path(__file__).resolve().parents[1] / "mount"
sys.path[:0] = [os.path.dirname(__file__), str(MOUNT)]

# the other conftest.py, by another name: pytest takes its hooks and fixtures from this module then
spec = importlib.util.spec_from_file_location("mount_conftest", MOUNT / "conftest.py")
mount_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mount_conftest)
# the first test waits until all servers have started
mount_conftest.LIMIT = 600
globals().update({name: value for name, value in vars(mount_conftest).items()
                  if name.startswith("pytest_") or name in ("base", "env", "test_dir", "sandbox", "mount")})

from server import Absent  # noqa: E402
from server_better_auth import BetterAuth  # noqa: E402
from server_drf import DrfCursor, DrfOffset, DrfPage  # noqa: E402
from server_json_server import JsonServer  # noqa: E402
from server_keystone import Keystone  # noqa: E402
from server_redmine import Redmine  # noqa: E402
from server_scimmy import Scimmy  # noqa: E402

# those that take long to start come first
SERVERS = [Redmine, Keystone, BetterAuth, DrfPage, DrfOffset, DrfCursor, JsonServer, Scimmy]


def pytest_generate_tests(metafunc):
    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", [kind.name for kind in SERVERS], indirect=True)


def wanted(items):
    """The classes of the servers that the tests ITEMS need: those of tests of one server, or all."""
    if any("server" not in item.fixturenames for item in items):
        return SERVERS
    names = {item.callspec.params["server"] for item in items}
    return [kind for kind in SERVERS if kind.name in names]


@pytest.fixture(scope="session")
def servers(base, request):
    """
    {name: Server}, with their people: those that the selected tests need. What could not be started is the
    exception instead, so that the tests of the others run.
    """
    started = [kind(base / kind.name) for kind in wanted(request.session.items)]

    def start(one):
        one.prepare()
        return one.start()

    # The three of Django share what is made once.
    DrfPage.prepare()
    # A server ends with the thread that started it (setpriv --pdeathsig): the threads stay until the end.
    with concurrent.futures.ThreadPoolExecutor(len(started)) as pool:
        results = {one.name: pool.submit(start, one) for one in started}
        yield {name: future.exception() or future.result() for name, future in results.items()}
        problems = [problem for problem in [one.stop() for one in started] if problem]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def server(servers, request):
    one = servers[request.param]
    if isinstance(one, Absent):
        pytest.skip(one.args[0])
    if isinstance(one, BaseException):
        raise one
    return one
