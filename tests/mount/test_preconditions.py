# SPDX-License-Identifier: Apache-2.0
"""ETags as servers and proxies really send them: only one that can be met is sent as If-Match."""

import pytest

from harness import SCALE, wait_until
from ep_store import ep, person
from writes import GOOD, at_vendor, last_line, read, save, sent

__all__ = ["ep"]

USER = "partnerize/7.json"
STATUS = "partnerize/7.status"


def tagged(mount, sandbox, style, config=None, **settings):
    m = mount(sandbox(users=25), {"partnerize": config or {}})
    m.sandbox.settings(etag_style=style, **settings)
    read(m, USER)
    m.sandbox.reset()
    return m


@pytest.mark.parametrize("style", ["off", "strong", "weak", "gzip", "gzip_weak", "garbage", "unquoted", "unchecked"])
def test_a_deactivation_is_two_requests(mount, sandbox, style):
    """Whatever a proxy makes of the ETag."""
    m = tagged(mount, sandbox, style)
    assert save(m.path / STATUS, "inactive") == GOOD
    assert save(m.path / USER, '{"timezone": "Asia/Tokyo"}') == GOOD
    counts = m.sandbox.counts()
    assert (counts["GET /user/{id}"], counts["PUT /user/{id}"]) == (2, 2)
    now = at_vendor(m.sandbox, 7)
    assert (now["status"], now["timezone"]) == ("inactive", "Asia/Tokyo")


def test_a_strong_tag_is_still_honoured(mount, sandbox):
    """Somebody writes between the GET and the PUT: the vendor says so, and nothing is lost."""
    m = tagged(mount, sandbox, "strong")
    m.sandbox.fault(method="PUT", path="/user/7", fault="colleague", user="7", body={"lastname": "Theirs"})
    assert save(m.path / USER, '{"timezone": "Asia/Tokyo"}') == GOOD
    now = at_vendor(m.sandbox, 7)
    assert (now["lastname"], now["timezone"]) == ("Theirs", "Asia/Tokyo")
    assert [entry["status"] for entry in sent(m.sandbox)] == [412, 200]


def test_a_tag_that_can_not_be_met(mount, sandbox):
    m = tagged(mount, sandbox, "lie")
    assert save(m.path / STATUS, "inactive") == GOOD
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    assert [entry["status"] for entry in sent(m.sandbox)] == [412, 200]
    # it was looked at more than once before it was held to be one
    assert m.sandbox.counts()["GET /user/{id}"] >= 3
    assert "to an ETag that it still shows" in m.log()
    # from then on none is sent
    m.sandbox.reset()
    assert save(m.path / "partnerize/8.status", "inactive") == GOOD
    assert [entry["status"] for entry in sent(m.sandbox)] == [200]
    assert m.log().count("to an ETag that it still shows") == 1


def test_a_right_412_and_a_read_that_lags(mount, sandbox):
    """The 412 is right; the first looks after it still show the version from before."""
    m = tagged(mount, sandbox, "strong")
    m.sandbox.fault(method="PUT", path="/user/7", fault="colleague", user="7",
                    body={"status": "inactive"})
    m.sandbox.fault(method="GET", path="/user/7", fault="stale", skip=1, times=2)
    assert save(m.path / USER, '{"timezone": "Asia/Tokyo"}') == GOOD
    now = at_vendor(m.sandbox, 7)
    assert (now["status"], now["timezone"]) == ("inactive", "Asia/Tokyo")
    assert [entry["status"] for entry in sent(m.sandbox)] == [412, 200]
    assert "to an ETag that it still shows" not in m.log()


def test_a_right_412_and_reads_that_lag_behind_our_own_write(mount, sandbox):
    m = tagged(mount, sandbox, "strong")
    assert save(m.path / USER, '{"firstname": "Joan"}') == GOOD
    m.sandbox.fault(method="PUT", path="/user/7", fault="colleague", user="7",
                    body={"status": "inactive"})
    m.sandbox.fault(method="GET", path="/user/7", fault="stale", skip=1, times=2)
    assert save(m.path / USER, '{"timezone": "Asia/Tokyo"}') == GOOD
    now = at_vendor(m.sandbox, 7)
    assert (now["status"], now["timezone"], now["firstname"]) == ("inactive", "Asia/Tokyo", "Joan")
    assert "to an ETag that it still shows" not in m.log()


def test_the_looks_can_be_interrupted(mount, sandbox):
    m = tagged(mount, sandbox, "lie")
    writer = m.spawn(f"exec tee {STATUS} <<<inactive")
    wait_until(lambda: m.sandbox.counts().get("GET /user/{id}", 0) >= 2, 20 * SCALE, "a look")
    writer.kill()
    wait_until(lambda: "EINTR" in last_line(m, STATUS), 20 * SCALE, "its end")
    assert at_vendor(m.sandbox, 7)["status"] == "active"


@pytest.mark.parametrize("style", ["weak", "gzip", "garbage", "lie"])
@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_elastic_path(ep, profile, style):
    m = ep(profile)
    m.sandbox.settings(etag_style=style)
    file = m.path / "elasticpath" / f"{person(m.sandbox, 2)}.json"
    file.read_text()
    assert save(file, '{"name": "Ours"}') == GOOD
    assert '"Ours"' in file.read_text()
    assert save(m.path / "elasticpath/settings/account-authentication.json", '{"enable_self_signup": true}') == GOOD
