# SPDX-License-Identifier: Apache-2.0
"""max_users: a list that is longer may have no end, and must not take all memory."""

import os

import pytest

import status_table
from ep_store import PROFILES, ep, fails, refresh
from writes import last_line

__all__ = ["ep"]  # the fixture


def too_long(m, path, limit, section):
    assert fails(os.listdir, m.path / path) == "EREMOTEIO"
    line = last_line(m, f" {path}: ")
    assert f"max_users = {limit}" in line and f"[{section}]" in line, line


@pytest.mark.parametrize("profile", PROFILES)
def test_a_list_without_an_end(ep, profile):
    m = ep(profile, {"partnerize": {"max_users": 1000}})
    box = m.sandbox
    box.settings(endless_list=True)
    too_long(m, "partnerize", 1000, "partnerize")
    assert "max_users" in status_table.whole(m)
    # the pages that had been asked for or had come when it was seen, and no more
    assert box.counts()["GET /user"] <= 1000 / 100 + 1 + 200
    box.settings(endless_list=False)
    (m.path / ".rosterfs/refresh").write_text("all\n")
    assert "5.json" in os.listdir(m.path / "partnerize")


@pytest.mark.parametrize("profile", PROFILES)
def test_the_bound_itself(mount, sandbox, profile):
    box = sandbox(users=250, profile=profile)
    for limit in (250, 249):
        m = mount(box, {"partnerize": {"max_users": limit}})
        if limit == 250:
            assert len(os.listdir(m.path / "partnerize")) >= 500
        else:
            too_long(m, "partnerize", limit, "partnerize")


@pytest.mark.parametrize("limit", [620, 619, 550])
def test_a_list_of_several_pieces(ep, limit):
    """A store of more members than offsets reach is listed by created_at, piece by piece."""
    m = ep("documents", {"elasticpath": {"max_users": limit}}, box={"members": 620, "offset_ceiling": 100})
    if limit == 620:
        assert len([name for name in os.listdir(m.path / "elasticpath") if name.endswith(".status")]) == 620
    else:
        too_long(m, "elasticpath", limit, "elasticpath")


def test_other_lists(ep):
    m = ep(extra={"elasticpath": {"max_users": 45}}, box={"accounts": 46})
    assert len(os.listdir(m.path / "elasticpath")) > 90
    too_long(m, "elasticpath/accounts", 45, "elasticpath")
    refresh(m)
    too_long(m, "elasticpath/accounts", 45, "elasticpath")
