# SPDX-License-Identifier: Apache-2.0
"""Metrics: .rosterfs/metrics in the Prometheus text format, the recipe for node_exporter, the alerts."""

import os
import pathlib
import re
import subprocess
import time

import pytest

import exposition
import harness
from exposition import total
from test_lifecycle import GONE, privately
from writes import GOOD, put, refused, save

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
RULES = TOP / "recipes/monitoring/rosterfs.rules.yml"
COLLECT = TOP / "recipes/monitoring/rosterfs-collect"
NOBODY = 65534
REFUSED = {"error": {"message": "the moon is wrong"}}


def users(m, vendor="partnerize"):
    return {labels["status"]: value for _, labels, value in exposition.read(m)["rosterfs_users"].samples
            if labels["vendor"] == vendor}


def set_status(m, ident, word):
    return save(m.path / f"partnerize/{ident}.status", word)


def test_format(mount, sandbox):
    """A mount where much has happened, and a vendor with a name that needs escapes, pass promtool."""
    box = sandbox(users=250)
    m = mount(config=box.config().replace("[partnerize]", '[q"u\\x]\ntype = partnerize'))
    exposition.promtool("check", "metrics", text=(m.path / ".rosterfs/metrics").read_text())
    folder = m.path / 'q"u\\x'
    os.listdir(folder)
    box.fault(fault="status", status=429, method="PUT")
    assert save(folder / "7.status", "inactive") == GOOD
    text = m.sh("cat .rosterfs/metrics").ok().out
    found = exposition.parse(text)
    assert total(found, "rosterfs_users", vendor='q\\"u\\\\x') == 250
    exposition.promtool("check", "metrics", text=text)


def test_version(mount):
    m = mount()
    version = subprocess.run([harness.BUILD / "rosterfs", "--version"], capture_output=True, text=True,
                             timeout=20 * harness.SCALE, check=True).stdout.split()[1]
    assert total(exposition.read(m), "rosterfs_build_info", version=version) == 1
    assert f"rosterfs {version}," in (m.path / ".rosterfs/status").read_text()
    started = total(exposition.read(m), "rosterfs_start_time_seconds")
    assert started <= time.time() + 1 and started > time.time() - 3600 * harness.SCALE


def test_inodes(mount):
    """What the kernel has looked up is counted, and a scratch file that was removed no more."""
    m = mount()

    def count():
        return total(exposition.read(m), "rosterfs_fuse_inodes")
    first = count()
    m.sh("ls -l partnerize && echo x > partnerize/notes").ok()
    seen = count()
    assert seen >= first + 50
    (m.path / "partnerize/notes").unlink()
    assert count() == seen - 1


def test_length(mount):
    """tar reads the file while its counts grow, and must not find it longer than it was."""
    m = mount()
    sizes = set()
    for _ in range(30):
        sizes.add(os.stat(m.path / ".rosterfs/metrics").st_size)
        sizes.add(len((m.path / ".rosterfs/metrics").read_text()))
    assert len(sizes) == 1 and not sizes.pop() % 1024


def test_requests(mount, sandbox):
    """Each request is counted once, by its method and by how it ended, with how long it took."""
    box = sandbox(users=25, latency=60)
    m = mount(box, {"partnerize": {"retry_budget": 5}})
    os.listdir(m.path / "partnerize")
    box.fault(fault="status", status=429, method="PUT")
    assert set_status(m, 7, "inactive") == GOOD
    box.fault(fault="status", status=400, method="PUT", body=REFUSED)
    assert set_status(m, 8, "inactive") == refused("EINVAL")
    box.fault(fault="status", status=503, method="GET", path="/user/9")
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    assert (m.path / "partnerize/9.json").read_text()
    found = exposition.read(m)

    def requests(**labels):
        return total(found, "rosterfs_requests_total", vendor="partnerize", **labels)

    assert requests() == box.counts()["total"]
    assert requests(method="PUT", verdict="ok") == 1
    assert requests(method="PUT", verdict="throttled") == 1
    assert requests(method="PUT", verdict="refused") == 1
    assert requests(method="GET", verdict="failed") == 1
    assert requests(method="GET", verdict="ok") == requests() - 4
    # the sandbox waits for 60 ms before each response
    name = "rosterfs_request_duration_seconds"
    assert total(found, f"{name}_count", vendor="partnerize") == requests()
    assert total(found, f"{name}_bucket", vendor="partnerize", le="0.05") == 0
    assert total(found, f"{name}_bucket", vendor="partnerize", le="+Inf") == requests()
    assert total(found, f"{name}_sum", vendor="partnerize") >= 0.06 * requests()


def test_no_response(mount, sandbox):
    box = sandbox(users=5)
    m = mount(box, {"partnerize": {"timeout": 1, "retry_budget": 0}})
    box.fault(fault="stall", times=-1)
    assert m.sh("ls partnerize").code
    found = exposition.read(m)
    assert total(found, "rosterfs_requests_total", verdict="timeout") == 1
    assert total(found, "rosterfs_request_duration_seconds_bucket", le="0.5") == 0
    assert total(found, "rosterfs_failing", vendor="partnerize") == 1
    assert total(found, "rosterfs_fetch_failures_total", vendor="partnerize") == 1
    box.clear_faults()
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    m.sh("ls partnerize").ok()
    found = exposition.read(m)
    assert total(found, "rosterfs_failing", vendor="partnerize") == 0
    assert total(found, "rosterfs_fetch_failures_total", vendor="partnerize") == 1


def test_unreachable(mount):
    m = mount(extra={"partnerize": {"base_url": "http://127.0.0.1:9"}})
    assert m.sh("ls partnerize").code
    found = exposition.read(m)
    assert total(found, "rosterfs_requests_total", verdict="unreachable") >= 1
    assert total(found, "rosterfs_requests_total") == total(found, "rosterfs_requests_total", verdict="unreachable")
    assert total(found, "rosterfs_held", vendor="partnerize") == 1
    assert total(found, "rosterfs_failing", vendor="partnerize") == 1


def test_waits(mount, sandbox):
    """Requests wait for each other, for the end of a Retry-After, and after an error."""
    box = sandbox(users=25)
    m = mount(box, {"partnerize": {"parallel": 1}})

    def waited(reason):
        return total(exposition.read(m), "rosterfs_wait_seconds_total", vendor="partnerize", reason=reason)

    assert (m.path / "partnerize/7.json").read_text()
    assert waited("throttled") == waited("retry") == 0
    box.fault(fault="status", status=429, method="GET", path="/user", retry_after=1)
    os.listdir(m.path / "partnerize")
    assert 0.9 <= waited("throttled")
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    box.fault(fault="status", status=503, method="GET", path="/user", times=3)
    os.listdir(m.path / "partnerize")
    assert waited("retry") > 0
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    box.fault(fault="stall", times=-1)
    readers = [m.spawn(["cat", "partnerize/1.json"], None), m.spawn(["cat", "partnerize/1.status"], None),
               m.spawn(["cat", "partnerize/self"], None), m.spawn(["cat", "partnerize/2.json"], None)]
    harness.wait_until(lambda: total(exposition.read(m), "rosterfs_queued", vendor="partnerize") >= 1,
                       10 * harness.SCALE, "a request in the queue")
    assert total(exposition.read(m), "rosterfs_in_flight", vendor="partnerize") == 1
    box.clear_faults()
    for reader in readers:
        reader.finish().ok()
    assert waited("queue") > 0


def test_users_by_status(mount, sandbox):
    """The counts follow each write, each single read and each list, and end as a new list has them."""
    box = sandbox(users=25)
    m = mount(box)
    assert not exposition.read(m)["rosterfs_users"].samples, "there is no roster yet"
    os.listdir(m.path / "partnerize")

    def stored():
        words = [(m.path / f"partnerize/{name}").read_text().strip()
                 for name in os.listdir(m.path / "partnerize") if name.endswith(".status")]
        return {word: words.count(word) for word in ("active", "inactive", "unknown")} | {"other": 0}

    before = users(m)
    assert before == stored() and before["active"] and before["inactive"]
    ones = [ident for ident in range(2, 26) if box.user(ident)["status"] in ("active", "a")][:3]
    for ident in ones:
        assert set_status(m, ident, "inactive") == GOOD
    assert users(m) == before | {"active": before["active"] - 3, "inactive": before["inactive"] + 3}
    assert set_status(m, ones[0], "active") == GOOD
    after = before | {"active": before["active"] - 2, "inactive": before["inactive"] + 2}
    assert users(m) == after == stored()
    m.sh("cat partnerize/*.json >/dev/null").ok()
    assert users(m) == after
    box.delete(ones[1])
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    os.listdir(m.path / "partnerize")
    assert users(m) == after | {"inactive": after["inactive"] - 1} == stored()


def test_users_of_a_store(mount, sandbox):
    """Statuses that are memberships are counted, too, once they are known."""
    m = mount(sandbox(users=30, vendors="elasticpath"))
    os.listdir(m.path / "elasticpath")
    assert users(m, "elasticpath") == {"active": 0, "inactive": 0, "other": 0,
                                       "unknown": total(exposition.read(m), "rosterfs_users")}
    words = m.sh("cat elasticpath/*.status").ok().lines()
    assert users(m, "elasticpath") == {"active": words.count("active"), "inactive": words.count("inactive"),
                                       "other": 0, "unknown": 0}


def test_writes_by_outcome(mount, sandbox):
    box = sandbox(users=25)
    m = mount(box, {"rosterfs": {"status_limit": 1}})

    def writes():
        return {labels["outcome"]: value for _, labels, value in exposition.read(m)["rosterfs_writes_total"].samples
                if labels["vendor"] == "partnerize" and value}

    assert not writes()
    os.listdir(m.path / "partnerize")
    assert set_status(m, 8, "wibble") == refused("EINVAL")
    box.fault(fault="status", status=403, method="PUT", body=REFUSED)
    assert set_status(m, 8, "inactive") == refused("EACCES")
    assert set_status(m, 8, "inactive") == GOOD
    assert set_status(m, 8, "inactive") == GOOD, "nothing to change"
    assert set_status(m, 9, "inactive") == refused("EDQUOT")
    document = m.sh("cat partnerize/11.json").ok().json()
    box.patch(11, {"firstname": "Theirs"})
    assert put(m, "partnerize/11.json", document | {"firstname": "Ours"}).code
    seen = writes()
    assert seen.pop("refused", 1) == 1
    assert seen == {"failed": 1, "done": 1, "unchanged": 1, "limited": 1, "conflict": 1}


def test_dry_run_is_an_outcome(mount):
    m = mount(options=["-o", "dry_run"])
    assert set_status(m, 8, "inactive") == GOOD
    found = exposition.read(m)
    assert total(found, "rosterfs_writes_total", outcome="dry_run") == 1 == total(found, "rosterfs_writes_total")


# ---- recipe and alerts ----

def collect(m, folder):
    return subprocess.run([COLLECT, m.path, folder / "rosterfs.prom"], capture_output=True, text=True,
                          timeout=60 * harness.SCALE, check=False)


def test_recipe(mount, tmp_path):
    """The file for node_exporter is whole at any time, readable, and stays as it was when there is no mount."""
    m = mount()
    os.listdir(m.path / "partnerize")
    result = collect(m, tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert os.listdir(tmp_path) == ["rosterfs.prom"]
    text = (tmp_path / "rosterfs.prom").read_text()
    assert total(exposition.parse(text), "rosterfs_users", vendor="partnerize") == 25
    assert (tmp_path / "rosterfs.prom").stat().st_mode & 0o777 == 0o644
    assert m.unmount().code == 0
    m.wait()
    result = collect(m, tmp_path)
    assert result.returncode != 0 and "metrics" in result.stderr
    assert os.listdir(tmp_path) == ["rosterfs.prom"] and (tmp_path / "rosterfs.prom").read_text() == text


def test_alerts_name_what_there_is(mount):
    """The rules are right by promtool, and each metric that they name exists with the labels."""
    m = mount()
    os.listdir(m.path / "partnerize")
    exposition.promtool("check", "rules", str(RULES))
    text = RULES.read_text()
    assert len(re.findall("- alert: ", text)) == 4
    found = exposition.read(m)
    named = set(re.findall(r"\brosterfs_[a-z_]+", re.sub("#.*", "", text)))
    # those of the store are there with a store only: test_shared_page.py compares them with rosterfs(1)
    named = {name for name in named if not name.startswith("rosterfs_store_")}
    assert named and named <= set(found)
    for name, label, values in re.findall(r'(rosterfs_\w+)\{(\w+)=~?"([^"]+)"\}', text):
        for value in values.split("|"):
            assert any(labels.get(label) == value for _, labels, _ in found[name].samples), (name, label, value)


UNIT_TESTS = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'rosterfs_failing{{vendor="acme"}}'
        values: '0x10 1x60'
      - series: 'rosterfs_failing{{vendor="fine"}}'
        values: '0x70'
      - series: 'rosterfs_writes_total{{vendor="acme",outcome="failed"}}'
        values: '0x40 5x30'
      - series: 'rosterfs_writes_total{{vendor="acme",outcome="done"}}'
        values: '0+1x70'
      - series: 'rosterfs_store_up'
        values: '1x50 0x20'
      - series: 'node_textfile_mtime_seconds{{file="/x/rosterfs.prom"}}'
        values: '0+60x50 3000x20'
    alert_rule_test:
      - {{eval_time: 9m, alertname: RosterfsVendorFailing}}
      - eval_time: 40m
        alertname: RosterfsVendorFailing
        exp_alerts: [{{exp_labels: {{severity: warning, vendor: acme}}}}]
      - {{eval_time: 39m, alertname: RosterfsWritesFailing}}
      - eval_time: 45m
        alertname: RosterfsWritesFailing
        exp_alerts: [{{exp_labels: {{severity: warning, vendor: acme, outcome: failed}}}}]
      - {{eval_time: 50m, alertname: RosterfsStoreDown}}
      - eval_time: 55m
        alertname: RosterfsStoreDown
        exp_alerts: [{{exp_labels: {{severity: critical}}}}]
      - {{eval_time: 49m, alertname: RosterfsDown}}
      - eval_time: 68m
        alertname: RosterfsDown
        exp_alerts: [{{exp_labels: {{severity: critical, file: /x/rosterfs.prom}}}}]
"""


def test_alerts_fire(tmp_path):
    """Each alert fires in its case and not before, by Prometheus itself where that is installed."""
    file = tmp_path / "alerts.yml"
    rules = re.sub(r"(?m)^ +annotations:\n(?: {10,}.*\n)+", "", RULES.read_text())
    (tmp_path / "rules.yml").write_text(rules)
    file.write_text(UNIT_TESTS.format(rules=tmp_path / "rules.yml"))
    assert rules.count("expr:") == 4 and "annotations" not in rules
    exposition.promtool("test", "rules", str(file))


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_process_that_cannot_be_looked_into(sandbox, test_dir, env):
    """Its user sees neither its descriptors nor much else in /proc: the metrics have both counts."""
    test_dir.mkdir(exist_ok=True)
    folder = test_dir / "home"
    (folder / "mnt").mkdir(parents=True)
    config = folder / "rosterfs.conf"
    config.touch(0o600)
    config.write_text(sandbox(users=5).config())
    for path in (folder, folder / "mnt", config):
        os.chown(path, NOBODY, NOBODY)
    test_dir.chmod(0o755)
    test_dir.parent.chmod(0o755)
    result = privately(f"""
        $nobody rosterfs {config} "$MNT"
        $nobody ls "$MNT/partnerize" >/dev/null
        pid=$(pgrep -f "^[^ ]*rosterfs .*$MNT")
        $nobody ls /proc/$pid/fd >/dev/null 2>&1 && echo seen
        $nobody grep -E "^rosterfs_(open_descriptors|threads)" "$MNT/.rosterfs/metrics"
        ls /proc/$pid/fd | wc -l
        ls /proc/$pid/task | wc -l
        $nobody fusermount3 -u "$MNT"
        {GONE}""", [folder / "mnt"], env)
    lines = result.ok().lines()
    assert ("seen" in lines) == bool(harness.SANITIZE), lines
    found, descriptors, threads = dict(line.split() for line in lines if " " in line), *map(int, lines[-2:])
    # the grep is over when root looks, and a thread may end
    assert abs(int(found["rosterfs_open_descriptors"]) - descriptors) <= 3, (found, descriptors)
    assert abs(int(found["rosterfs_threads"]) - threads) <= 3, (found, threads)
