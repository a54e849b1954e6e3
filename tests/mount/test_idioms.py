# SPDX-License-Identifier: Apache-2.0
"""What people type without thinking: shell idioms that could do harm to a whole roster.

For each: nothing happens at a vendor that the words of the command do not say, and where nothing
happened an error is shown.
"""

import os

import pytest

from editor_saves import scratch, sh
from ep_store import store
from writes import refresh, sent

USERS = 25


def roster(box):
    """Who is there, as the vendor has it."""
    return {user["user_id"]: user for user in box.control("GET", "users")}


def statuses(box):
    return {ident: user["status"] for ident, user in roster(box).items()}


def inactive(box):
    return {ident for ident, status in statuses(box).items() if status == "inactive"}


def warm(m):
    """All of it has been looked at; the roster at the vendor."""
    refresh(m)
    m.sandbox.reset()
    return roster(m.sandbox)


def nothing_happened(m, before, result):
    """It failed, said so, and neither the vendor nor the mount is different."""
    assert result.code != 0 and result.err, repr(result)
    untouched(m, before)


def untouched(m, before):
    assert not sent(m.sandbox)
    assert roster(m.sandbox) == before
    names = {f"{ident}.{suffix}" for ident in before for suffix in ("json", "status")}
    assert names <= set(refresh(m))
    assert not scratch(m)


@pytest.fixture
def backup(test_dir):
    """backup(m): a copy of what is in partnerize/ now."""
    def make(m):
        folder = test_dir / "backup"
        folder.mkdir()
        m.sh(f"cp -p partnerize/*.json partnerize/*.status '{folder}'").ok()
        return folder
    return make


def test_nothing_written_is_nothing_done(mount):
    """What is emptied is refilled by the vendor's record: there is no word for it, and no error."""
    m = mount()
    before = warm(m)
    for command in (": > partnerize/2.status", "truncate -s 0 partnerize/2.json", "touch partnerize/*.json",
                    "cp /dev/null partnerize/2.status", "jq . partnerize/2.json > partnerize/2.json"):
        sh(m, command).ok()
        untouched(m, before)


# ---- redirections to a pattern ----

@pytest.mark.parametrize("shell", ["bash", "dash", "busybox sh"])
@pytest.mark.parametrize("pattern", ["*.status", "?.status", "none*.status", "/nowhere/*.status"])
def test_redirected_to_a_pattern(mount, shell, pattern):
    m = mount()
    before = warm(m)
    nothing_happened(m, before, sh(m, f"cd partnerize && echo inactive > {pattern}", shell))
    nothing_happened(m, before, sh(m, f"cd partnerize && echo inactive >> {pattern}", shell))


def test_redirected_to_the_only_match(mount):
    m = mount()
    before = inactive(m.sandbox)
    sh(m, "cd partnerize && echo inactive > 2.stat*").ok()
    assert inactive(m.sandbox) == before | {"2"}


def test_zsh_means_every_match(mount):
    """Its MULTIOS writes to all of them, and says nothing of those that refuse: only the brake holds."""
    m = mount(extra={"rosterfs": {"status_limit": 3}})
    before = inactive(m.sandbox)
    sh(m, "cd partnerize && echo inactive > *.status", "zsh").ok()
    assert len(inactive(m.sandbox) - before) == 3
    assert len([line for line in m.log().splitlines() if "EDQUOT" in line]) > 10
    m.sandbox.reset()
    result = sh(m, "setopt no_multios; cd partnerize && echo inactive > *.status", "zsh")
    assert result.code != 0 and result.err and not sent(m.sandbox)


def test_a_loop_over_nothing(mount):
    """In an empty directory the pattern stays as it is."""
    m = mount()
    before = warm(m)
    result = sh(m, "cd partnerize; for f in nobody*.status; do echo inactive > $f || exit; done")
    nothing_happened(m, before, result)


# ---- sed ----

def test_sed_over_statuses(mount):
    m = mount()
    before = inactive(m.sandbox)
    sh(m, "cd partnerize && sed -i s/^active/inactive/ [2-5].status").ok()
    assert inactive(m.sandbox) == before | set("2345")
    assert len(sent(m.sandbox)) == len(set("2345") - before)
    # whoever owns the key is refused, and sed ends there
    m.sandbox.reset()
    before = warm(m)
    result = sh(m, "cd partnerize && sed -i s/^active/inactive/ 1.status 6.status")
    assert result.code == 4 and "Operation not permitted" in result.err
    assert roster(m.sandbox)["1"] == before["1"]
    assert scratch(m) == set()


def test_sed_that_matches_too_much(mount):
    """inactive becomes ininactive, which is no status: refused, and said."""
    m = mount()
    sh(m, "echo inactive > partnerize/2.status").ok()
    before = warm(m)
    nothing_happened(m, before, sh(m, "sed -i s/active/inactive/ partnerize/2.status"))


def test_sed_through_by_email(mount, sandbox):
    box = store(sandbox, members=15, accounts=3)
    m = mount(box)
    email = roster(box)["5"]["email"].lower()
    folder = m.path / "by-email" / email
    there = sorted(os.listdir(folder))
    assert "partnerize.status" in there and "elasticpath.status" in there
    before = warm(m)
    for command in ("sed -i s/active/inactive/ *.status", "sed -i.bak s/active/inactive/ *.status",
                    "perl -pi -e s/active/inactive/ *.status; false", "rm -f *", "mv *.status /tmp",
                    "ln -sf x partnerize.status", "cp --remove-destination partnerize.json partnerize.status",
                    "touch x", "mkdir x"):
        nothing_happened(m, before, sh(m, f"cd 'by-email/{email}' && {command}"))
        assert sorted(os.listdir(folder)) == there
        assert os.readlink(folder / "partnerize.status") == "../../partnerize/5.status"
    # what follows the link is a save as anywhere else
    sh(m, f"cd 'by-email/{email}' && sed -i --follow-symlinks s/^active/inactive/ partnerize.status").ok()
    assert statuses(box)["5"] == "inactive"
    assert sorted(os.listdir(folder)) == there


# ---- copies that are put back ----

def test_statuses_copied_back(mount, backup):
    m = mount()
    folder = backup(m)
    before = statuses(m.sandbox)
    sh(m, "echo inactive | tee partnerize/3.status partnerize/4.status").ok()
    (folder / "999.status").write_text("inactive\n")
    m.sandbox.reset()
    result = sh(m, f"cd partnerize && cp -r '{folder}'/*.status .")
    # those that differ, and no one else; whoever is not there can't be made
    assert statuses(m.sandbox) == before
    assert len(sent(m.sandbox)) == len([ident for ident in "34" if before[ident] == "active"])
    assert result.code != 0 and "999.status" in result.err
    assert "999" not in roster(m.sandbox)


def test_a_backup_in_another_directory(mount, backup):
    """One directory too high, or too low: nothing there takes a file."""
    m = mount()
    folder = backup(m)
    before = warm(m)
    for target in (".", "partnerize/new", ".rosterfs", "partnerize/by-email"):
        if (m.path / target).is_dir():
            nothing_happened(m, before, sh(m, f"cd {target} && cp -r '{folder}'/*.status ."))


def test_rsync_with_delete(mount, backup):
    m = mount()
    folder = backup(m)
    m.sandbox.patch(3, {"lastname": "Theirs"})
    m.sandbox.control("POST", "users", {"user_id": "77", "email": "new@example.com", "status": "active"})
    for suffix in ("json", "status"):
        os.unlink(folder / f"9.{suffix}")
    before = warm(m)
    result = sh(m, f"rsync -a --delete '{folder}/' partnerize/")
    nothing_happened(m, before, result)
    for name in ("77.status", "9.json", "9.status"):
        assert name in result.err


def test_tar_x(mount, backup):
    m = mount()
    folder = backup(m)
    m.sandbox.patch(3, {"lastname": "Theirs"})
    before = warm(m)
    sh(m, f"tar -C '{folder}' -cf '{folder}.tar' .").ok()
    nothing_happened(m, before, sh(m, f"tar -C partnerize -xf '{folder}.tar'"))
    # this one is said to write into what is there: the same as before, but for what is newer there
    result = sh(m, f"tar -C partnerize --overwrite -xf '{folder}.tar'")
    assert roster(m.sandbox) == before, repr(result)


# ---- removing and moving ----

@pytest.mark.parametrize("command", [
    "rm -rf partnerize", "rm -rf *", "rm -f partnerize/*", "find . -delete", "find partnerize -name '*.status' -delete",
    "find partnerize -type f -exec rm {} +", "mv partnerize/*.json {elsewhere}", "mv partnerize {elsewhere}",
    "mv partnerize/*.json .", "mv partnerize/3.json partnerize/4.json", "busybox rm -rf partnerize",
    "unlink partnerize/2.status", "rmdir partnerize", "ln -f partnerize/2.json partnerize/3.json",
    "git clean -fdx partnerize", "shred -u partnerize/2.json", "mknod partnerize/x p",
    "mkfifo partnerize/2.status",
])
def test_removed_or_moved(mount, test_dir, command):
    m = mount()
    before = warm(m)
    test_dir.joinpath("elsewhere").mkdir(parents=True)
    nothing_happened(m, before, sh(m, command.replace("{elsewhere}", f"'{test_dir}/elsewhere'")))


def test_removed_from_members(mount, sandbox):
    """Memberships are links, and rm ends them only where that is allowed."""
    box = store(sandbox, members=15, accounts=3)
    m = mount(box)
    before = box.control("GET", "elasticpath/memberships")
    result = sh(m, "rm -rf elasticpath/accounts; find elasticpath -delete; rm -rf elasticpath/*")
    assert result.code != 0 and result.err
    assert box.control("GET", "elasticpath/memberships") == before
    assert not [entry for entry in sent(box) if "access_token" not in entry["path"]]


# ---- git ----

def test_git_in_the_directory(mount):
    m = mount()
    before = warm(m)
    nothing_happened(m, before, sh(m, "cd partnerize && git init && git add . && git checkout ."))
    # and from elsewhere: git removes what it means to write
    sh(m, "git init -q --separate-git-dir ~/git ~/work && export GIT_DIR=$HOME/git GIT_WORK_TREE=$PWD/partnerize && "
          "git add -A . && git -c user.name=x -c user.email=x commit -qm x").ok()
    m.sandbox.patch(3, {"lastname": "Theirs"})
    before = warm(m)
    result = sh(m, "GIT_DIR=$HOME/git GIT_WORK_TREE=$PWD/partnerize git checkout -f .")
    nothing_happened(m, before, result)


# ---- tee ----

def test_tee_that_fails_in_part(mount):
    m = mount()
    before = inactive(m.sandbox)
    m.sandbox.fault(method="PUT", path="/user/4", fault="status", status=400, times=-1)
    result = sh(m, "cd partnerize && echo inactive | tee 2.status 1.status 99.status 4.status 3.status")
    assert result.code == 1
    assert inactive(m.sandbox) == before | {"2", "3"}
    for name, words in (("1.status", "Operation not permitted"), ("99.status", "No such file"),
                        ("4.status", "Invalid argument")):
        assert f"tee: {name}: {words}" in result.err
    assert "2.status" not in result.err and "3.status" not in result.err


# ---- reading everything ----

@pytest.mark.parametrize("command", [
    "cp -a . {elsewhere}/copy", "tar cf {elsewhere}/all.tar --exclude=./.rosterfs .", "rsync -a . {elsewhere}/copy",
    "find . -type f -exec cat {} + >/dev/null", "grep -r nothing-like-it . || test $? = 1", "du -a >/dev/null",
    "updatedb -l 0 -U . -o {elsewhere}/db --prunefs ''", "ls -lR >/dev/null",
    "sha256sum partnerize/* 2>/dev/null | wc -l", "git -C partnerize status 2>/dev/null || true",
    "find . -name '*.status' -exec touch {} +", "chmod -R go-w partnerize/*.json", "find . -print0 | xargs -0 stat >/dev/null",
])
def test_everything_is_read(mount, sandbox, test_dir, command):
    box = store(sandbox, members=15, accounts=3)
    m = mount(box)
    before, members = roster(box), box.control("GET", "elasticpath/members")
    test_dir.joinpath("elsewhere").mkdir(parents=True)
    result = sh(m, command.replace("{elsewhere}", str(test_dir / "elsewhere")))
    assert result.code == 0 and not result.err, repr(result)
    assert not [entry for entry in sent(box) if "access_token" not in entry["path"]]
    assert roster(box) == before and box.control("GET", "elasticpath/members") == members
    # pages, accounts' members, a record here and there: not one request for each file
    assert box.counts()["total"] < 60, box.counts()
