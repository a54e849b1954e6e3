# SPDX-License-Identifier: Apache-2.0
"""mount/config/rosterfs.conf.example: what it shows can be used as it is, and its defaults are accepted."""

import os
import re

import pytest

import harness

EXAMPLE = harness.TOP / "mount/config/rosterfs.conf.example"


def check(box, env, text):
    """The output of --check for the config TEXT, whose vendors with an API are played by BOX."""
    secrets = dict(re.findall(r"^(\w+) = (.+)$", box.config(), re.M))
    for vendor in ("partnerize", "elasticpath"):
        text = text.replace(f"[{vendor}]\n", f"[{vendor}]\nbase_url = {box.url}\n")
    for key, file in re.findall(r"^(\w+)_file = (.+)$", text, re.M):
        path = box.folder / file
        path.touch(0o600)
        path.write_text("Ask the admin.\n" if key in ("notice", "ca") else secrets[key] + "\n")
    config = box.folder / "rosterfs.conf"
    config.write_text(text)
    os.chmod(config, 0o644)
    command = harness.Command([str(harness.BUILD / "rosterfs"), "--check", str(config)], None, None, env)
    try:
        return command.finish(60)
    finally:
        command.close()


@pytest.mark.parametrize("change", [
    pytest.param(lambda text: text, id="as it is"),
    pytest.param(lambda text: re.sub(r"^#(?=\w)", "", text, flags=re.M), id="with all defaults"),
])
def test_example_config(sandbox, env, change):
    box = sandbox(users=3, vendors="partnerize,elasticpath")
    result = check(box, env, change(EXAMPLE.read_text()))
    assert result.code == 0 and result.err == "", repr(result)
    for line in ("partnerize: ok", "elasticpath: ok", "cj: kept by hand, nothing to ask",
                 "6sense: kept by hand, nothing to ask"):
        assert line in result.out.splitlines()
