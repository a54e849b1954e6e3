# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the mount tests, the time limit of each test, and the count for tests/run.

    def test_x(sandbox, mount):
        box = sandbox(users=250, latency=50)
        m = mount(box, {"partnerize": {"ttl": 1}}, options=["-o", "ro"])
        assert m.sh("ls partnerize | wc -l").ok().out == "...\n"

Markers: limit(SECONDS) for another time limit than 120; plain for a test that makes no sense with
sanitizers (it measures memory, or is large); no_tsan for one that ThreadSanitizer makes too slow or disturbs.
Whole files are left out of it by ONE_BY_ONE.
"""

import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import harness  # noqa: E402

# files that others can write are refused
os.umask(0o022)

WATCHDOG = harness.Watchdog()
LIMIT = 120
# One process after another, about words, values and names: ThreadSanitizer takes a third of its time for them
# and sees no thread there that the other files do not have.
ONE_BY_ONE = {"test_" + name for name in (
    "accounts boot bounds check check_report completion created delete described_blanked described_find "
    "described_lists described_matrix described_places described_refused described_rules described_searches "
    "described_survey described_urls described_writes documents editors emails environment errors exact example "
    "explain fault_matrix forms idioms illegible init mistyped named_by_update new_users newcomer offboard "
    "outcomes own_ids partial_rows preconditions puts recipes recording removed sandbox sandbox_changes "
    "sandbox_generic sandbox_vendor saves_again scim scim_groups scim_sloppy setback settings shared_config "
    "short_rows takeback told_errors tools trusted_files whose").split()}


def pytest_configure(config):
    config.addinivalue_line("markers", "limit(seconds): another time limit than 120 seconds")
    config.addinivalue_line("markers", "plain: not with sanitizers")
    config.addinivalue_line("markers", "no_tsan: not with ThreadSanitizer")
    WATCHDOG.start()


def pytest_collection_modifyitems(config, items):
    out = [item for item in items
           if (harness.SANITIZE and item.get_closest_marker("plain"))
           or ("thread" in harness.SANITIZE and
               (item.get_closest_marker("no_tsan") or item.module.__name__ in ONE_BY_ONE))]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


# ---- time limits ----

def arm(item):
    marker = item.get_closest_marker("limit")
    WATCHDOG.arm((marker.args[0] if marker else LIMIT) * harness.SCALE)


def disarm(item, when, outcome):
    WATCHDOG.disarm()
    if WATCHDOG.report:
        item.add_report_section(when, "what hung", WATCHDOG.report)
        if not outcome.excinfo:
            raise harness.Hang("the test took too long and was freed by killing its daemon")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    arm(item)
    outcome = yield
    disarm(item, "setup", outcome)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    arm(item)
    outcome = yield
    disarm(item, "call", outcome)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    WATCHDOG.arm(LIMIT * harness.SCALE)
    outcome = yield
    disarm(item, "teardown", outcome)


# ---- fixtures ----

@pytest.fixture(scope="session")
def base():
    """A folder of this run, outside /tmp."""
    folder = harness.base_folder()
    yield folder
    left = harness.remove_base(folder)
    assert not left, f"still mounted at the end: {left}"


@pytest.fixture(scope="session")
def env(base):
    return harness.clean_env(base)


@pytest.fixture
def test_dir(base, request):
    """A folder of this test."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:40]
    number = len(list(base.iterdir()))
    return base / f"{number}-{name}"


@pytest.fixture
def sandbox(test_dir):
    """sandbox(users=250, ...) starts one: a harness.Sandbox."""
    started = []

    def start(**options):
        box = harness.Sandbox(test_dir / f"sandbox{len(started)}", **options)
        started.append(box)
        return box

    yield start
    problems = [problem for problem in [box.stop() for box in started] if problem]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def mount(test_dir, env, sandbox):
    """
    mount(box, {section: {key: value}}, options=[...]) mounts it: a harness.Mount. Without a box one
    with 25 users is started; config=TEXT is used as it is.
    """
    started = []
    count = 0

    def start(box=None, extra=None, config=None, **rest):
        nonlocal count
        if box is None and config is None:
            box = sandbox(users=25)
        text = box.config(extra) if config is None else config
        count += 1
        mounted = harness.Mount(test_dir / f"mount{count}", text, env, box, **rest)
        started.append(mounted)
        WATCHDOG.mounts.append(mounted)
        return mounted

    yield start
    problems = [problem for problem in [mounted.close() for mounted in started] if problem]
    for mounted in started:
        WATCHDOG.mounts.remove(mounted)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture(scope="module")
def stage(base, env, request):
    """
    stage(config, **options): a sandbox with these options, and a mount with the text config(sandbox), that
    all tests of the module share: (harness.Sandbox, harness.Mount).
    """
    folder = base / request.module.__name__
    started = []

    def start(config, **options):
        number = len(started)
        box = harness.Sandbox(folder / f"sandbox{number}", **options)
        started.append(box)
        mounted = harness.Mount(folder / f"mount{number}", config(box), env, box)
        started.append(mounted)
        WATCHDOG.mounts.append(mounted)
        return box, mounted

    yield start
    problems = [one.close() if isinstance(one, harness.Mount) else one.stop() for one in reversed(started)]
    for mounted in started:
        if mounted in WATCHDOG.mounts:
            WATCHDOG.mounts.remove(mounted)
    if any(problems):
        pytest.fail("\n".join(filter(None, problems)), pytrace=False)


# ---- the count for tests/run ----

OUTCOMES = {}


def pytest_runtest_logreport(report):
    if report.skipped:
        outcome = "failed" if os.environ.get("CI") else "skipped"
    else:
        outcome = report.outcome
    if report.when == "call" or outcome != "passed":
        if OUTCOMES.get(report.nodeid) != "failed":
            OUTCOMES[report.nodeid] = outcome


def pytest_collectreport(report):
    if report.failed:
        OUTCOMES[report.nodeid] = "failed"


def pytest_sessionfinish(session, exitstatus):
    WATCHDOG.disarm()
    name = os.environ.get("ROSTERFS_TEST_COUNT")
    # with several workers each sends its reports to the one that counts
    if not name or hasattr(session.config, "workerinput"):
        return
    values = list(OUTCOMES.values())
    with open(name, "a", encoding="utf-8") as file:
        file.write(f"{values.count('passed')} {values.count('failed')} {values.count('skipped')}\n")
    if "failed" in values and exitstatus == 0:
        session.exitstatus = 1
