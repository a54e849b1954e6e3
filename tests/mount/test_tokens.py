# SPDX-License-Identifier: Apache-2.0
"""Elastic Path's buyer tokens: a file that is written and then read, and of which nothing is kept."""

import concurrent.futures
import contextlib
import json
import os
import re
import signal
import time

import pytest

import harness
from ep_store import (NOT_OFFERED, PROFILES, QUICK, TOKEN, accounts_of, clean, ep, fails, people, person,
                   sent)
from writes import errno_of, last_line, name_of, text_of

__all__ = ["ep"]  # the fixture

PATH = "/v2/account-members/tokens"
ASK = "POST " + PATH
KIND = "account_management_authentication_token"
VERIFIER = "verifier-QUARTZ-1"
PASSWORD = "password-QUARTZ-2 \"é\""
# of the answers: buyer-token-CANARY-...


def oidc(who):
    return {"type": KIND, "authentication_mechanism": "oidc", "oauth_authorization_code": who,
            "oauth_redirect_uri": "https://shop.example.com/callback", "oauth_code_verifier": VERIFIER}


def password(who):
    return {"type": KIND, "authentication_mechanism": "password", "username": who, "password": PASSWORD,
            "password_profile_id": "profile-QUARTZ-3"}


def wrapped(request):
    return json.dumps({"data": request})


def file_of(m):
    return m.path / "elasticpath/tokens"


@contextlib.contextmanager
def opened(m, flags=os.O_RDWR):
    file = os.open(file_of(m), flags)
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):
            os.close(file)


def read_all(file):
    text = b""
    while piece := os.read(file, 65536):
        text += piece
    return text.decode()


def ask(m, request):
    """One request on a descriptor of its own: ("ok", the answer) or (the errno's name, "")."""
    with opened(m) as file:
        data = request.encode()
        error = errno_of(os.write, file, data)
        return name_of(error), read_all(file)


def tokens_in(answer):
    return re.findall(r'"token": "(buyer-token-CANARY-[^"]+)"', answer)


# ---- asking ----

def test_the_file(ep):
    m = ep()
    info = file_of(m).stat()
    assert (info.st_mode, info.st_size, info.st_nlink) == (0o100600, 0, 1)
    assert info.st_uid == os.geteuid()
    m.sh("ls -l elasticpath/tokens; stat elasticpath/tokens; test ! -s elasticpath/tokens").ok()
    # whoever only reads it, reads nothing
    assert m.sh("cat elasticpath/tokens").ok().out == ""
    with opened(m) as file:
        assert read_all(file) == ""
        os.lseek(file, 0, os.SEEK_SET)
        assert read_all(file) == ""
    for flags in (os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_CREAT, os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        with opened(m, flags):
            pass
    # whoever could not read the answer is told before anything is sent
    assert fails(os.open, file_of(m), os.O_WRONLY) == "EINVAL"
    assert "open it for reading and writing" in last_line(m, "elasticpath/tokens")
    assert m.sandbox.counts()["total"] == 0


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "busybox sh"])
def test_in_a_shell(ep, shell):
    m = ep("guide")
    five = person(m.sandbox, 5)
    result = m.sh(f"exec 3<>elasticpath/tokens; echo '{wrapped(oidc(five))}' >&3 && cat <&3", shell).ok()
    assert len(tokens_in(result.out)) == 1
    assert result.out == text_of(result.json()), "pretty-printed"
    result = m.sh(f"exec 3<>elasticpath/tokens; echo '{wrapped(oidc('nobody'))}' >&3 && cat <&3", shell)
    assert result.code != 0 and result.out == "" and result.err


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("bare", [False, True])
def test_the_whole_answer(ep, profile, bare):
    m = ep(profile)
    five = person(m.sandbox, 5)
    request = json.dumps(oidc(five)) if bare else wrapped(oidc(five))
    result, text = ask(m, request)
    assert result == "ok"
    answer = json.loads(text)
    assert text == text_of(answer)
    if profile == "guide":
        assert set(answer) == {"data"} and set(answer["data"]) == {"type", "token", "expires"}
    else:
        assert answer["meta"] == {"account_member_id": five}
        assert sorted(one["account_id"] for one in answer["data"]) == accounts_of(m.sandbox, five)
    assert all(token.startswith("buyer-token-CANARY-") for token in tokens_in(text)) and tokens_in(text)
    # one implicit token, one request, and nothing else
    counts = m.sandbox.counts()
    assert counts == {**counts, TOKEN: 1, ASK: 1, "total": 2}
    grant = [entry["body"] for entry in m.sandbox.journal() if entry["path"] == "/oauth/access_token"]
    assert "implicit" in str(grant[0])
    assert f"POST {PATH}" in m.log()


@pytest.mark.parametrize("profile", PROFILES)
def test_one_implicit_token_for_many(ep, profile):
    m = ep(profile, box={"token_wrapped": profile == "documents"})
    for one in people(m.sandbox)[:4]:
        assert ask(m, wrapped(oidc(one["id"])))[0] == "ok"
    assert m.sandbox.counts()[TOKEN] == 1
    # the other kind of token is one more, and neither is used for what the other is for
    m.sh("ls elasticpath").ok()
    assert ask(m, wrapped(oidc(person(m.sandbox, 5))))[0] == "ok"
    m.sh("ls elasticpath/accounts").ok()
    assert m.sandbox.counts()[TOKEN] == 2
    m.sandbox.fault(fault="expire_tokens")
    m.sandbox.reset()
    assert ask(m, wrapped(oidc(person(m.sandbox, 5))))[0] == "ok"
    counts = m.sandbox.counts()
    assert counts == {**counts, TOKEN: 1, ASK: 2, "total": 3}


@pytest.mark.parametrize("mechanism", [oidc, password])
def test_mechanisms(ep, mechanism):
    m = ep("documents")
    one = people(m.sandbox)[6]
    result, text = ask(m, wrapped(mechanism(one["email"])))
    assert result == "ok" and json.loads(text)["meta"]["account_member_id"] == one["id"]
    clean(m, "QUARTZ")


def test_reading_from_the_start_or_on(ep):
    """With lseek and without, in small pieces, with pread, and twice."""
    m = ep("documents")
    five = person(m.sandbox, 5)
    with opened(m) as file:
        os.write(file, wrapped(oidc(five)).encode())
        text = read_all(file)
        assert tokens_in(text)
        assert os.read(file, 100) == b""
        os.lseek(file, 0, os.SEEK_SET)
        assert read_all(file) == text
        assert os.pread(file, 10, 5) == text.encode()[5:15]
        assert os.fstat(file).st_size == 0
    with opened(m) as file:
        os.write(file, wrapped(oidc(five)).encode())
        os.lseek(file, 0, os.SEEK_SET)
        pieces = []
        while piece := os.read(file, 7):
            pieces.append(piece)
        assert json.loads(b"".join(pieces))["meta"]["account_member_id"] == five
    assert m.sandbox.counts()[ASK] == 2


def test_file_objects(ep):
    """As programs have it: a file object, opened r+ or w+."""
    m = ep("documents")
    five = person(m.sandbox, 5)
    with open(file_of(m), "r+b", buffering=0) as file:
        file.write(wrapped(oidc(five)).encode())
        file.seek(0)
        assert json.loads(file.read())["meta"]["account_member_id"] == five
    for mode in ("r+", "w+"):
        with open(file_of(m), mode, encoding="utf-8") as file:
            json.dump({"data": oidc(five)}, file)
            file.flush()
            file.seek(0)
            assert json.load(file)["meta"]["account_member_id"] == five


def test_a_second_request_on_the_same_descriptor(ep):
    m = ep("documents")
    one, two = person(m.sandbox, 5), person(m.sandbox, 7)
    with opened(m) as file:
        for member in (one, two, one):
            os.write(file, wrapped(oidc(member)).encode() + b"\n")
            text = read_all(file)
            assert json.loads(text)["meta"]["account_member_id"] == member
        # an answer that nobody has read gives way to the next
        os.write(file, wrapped(oidc(one)).encode())
        os.write(file, wrapped(oidc(two)).encode())
        assert json.loads(read_all(file))["meta"]["account_member_id"] == two
        # with lseek before and after
        for member in (one, two):
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, wrapped(oidc(member)).encode())
            os.lseek(file, 0, os.SEEK_SET)
            assert json.loads(read_all(file))["meta"]["account_member_id"] == member
    assert m.sandbox.counts()[ASK] == 7
    result = m.sh(f"exec 3<>elasticpath/tokens; echo '{wrapped(oidc(one))}' >&3; cat <&3;"
                  f"echo '{wrapped(oidc(two))}' >&3; cat <&3").ok()
    assert result.out.count("account_member_id") == 2


def test_a_request_in_pieces(ep):
    m = ep("documents")
    five = person(m.sandbox, 5)
    text = json.dumps({"data": oidc(five)}, indent=2)
    with opened(m) as file:
        for at in range(0, len(text), 40):
            assert m.sandbox.counts().get(ASK, 0) == 0
            os.write(file, text[at:at + 40].encode())
        assert m.sandbox.counts()[ASK] == 1
        assert json.loads(read_all(file))["meta"]["account_member_id"] == five


def test_nobody_else_sees_it(ep):
    m = ep("documents")
    with opened(m) as one, opened(m) as two, opened(m, os.O_RDONLY) as three:
        os.write(one, wrapped(oidc(person(m.sandbox, 5))).encode())
        assert os.read(two, 1000) == os.read(three, 1000) == b""
        assert m.sh("cat elasticpath/tokens").ok().out == ""
        assert tokens_in(read_all(one))
        assert os.read(two, 1000) == os.read(three, 1000) == b""
        assert file_of(m).stat().st_size == 0
    with opened(m) as again:
        assert os.read(again, 1000) == b""
    clean(m, "QUARTZ")


def test_many_at_once(ep):
    m = ep("documents", box={"latency": 5})
    ids = [one["id"] for one in people(m.sandbox)[:12] if accounts_of(m.sandbox, one["id"])]
    with concurrent.futures.ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda member: ask(m, wrapped(oidc(member))), ids))
    for member, (result, text) in zip(ids, answers):
        assert result == "ok" and json.loads(text)["meta"]["account_member_id"] == member
    assert len({token for _result, text in answers for token in tokens_in(text)}) == \
        sum(len(accounts_of(m.sandbox, member)) for member in ids)
    assert m.sandbox.counts()[TOKEN] == 1


# ---- refusals ----

@pytest.mark.parametrize("profile", PROFILES)
def test_a_wrong_code(ep, profile):
    m = ep(profile)
    with opened(m) as file:
        error = name_of(errno_of(os.write, file, wrapped(oidc("code-QUARTZ-4")).encode()))
        assert error == "EKEYREJECTED"
        assert os.read(file, 1000) == b""
    counts = m.sandbox.counts()
    assert (counts[TOKEN], counts[ASK]) == (1, 1), "a wrong password that is tried twice could lock the buyer out"
    line = last_line(m, "EKEYREJECTED")
    assert "elasticpath/tokens" in line and f"POST {PATH}" in line and "401" in line
    clean(m, "QUARTZ")
    # nor does it stand in the way of anything
    assert ask(m, wrapped(oidc(person(m.sandbox, 5))))[0] == "ok"
    m.sh("ls elasticpath").ok()


@pytest.mark.parametrize("body, requests", [
    ({"errors": [{"status": 401, "title": "Unable to validate access token"}]}, 2), ({}, 2),
    ({"errors": [{"status": 401, "title": "Unauthorized", "detail": "That code is used."}]}, 1)])
def test_401_for_ever(ep, body, requests):
    m = ep("documents", QUICK)
    m.sandbox.fault(fault="status", status=401, method="POST", path=PATH, times=-1, body=json.dumps(body))
    assert ask(m, wrapped(oidc(person(m.sandbox, 5)))) == ("EKEYREJECTED", "")
    counts = m.sandbox.counts()
    assert (counts[TOKEN], counts[ASK]) == (requests, requests)


@pytest.mark.parametrize("code, error", [(400, "EINVAL"), (422, "EINVAL"), (403, "EACCES"), (404, "EREMOTEIO"),
                                           (405, NOT_OFFERED), (429, "EBUSY"), (500, "EREMOTEIO"),
                                           (503, "EREMOTEIO")])
def test_refused(ep, code, error):
    m = ep("documents", QUICK)
    five = person(m.sandbox, 5)
    # vendors quote what they were sent
    for request, words in ((oidc(five), f"the code {five} with {VERIFIER} is wrong"),
                           (password(five), f"the code *** of {five} is not {PASSWORD}.")):
        m.sandbox.clear_faults()
        m.sandbox.fault(fault="status", status=code, method="POST", path=PATH, times=-1,
                        body=json.dumps({"errors": [{"title": "No", "detail": words}]}))
        m.sandbox.reset()
        assert ask(m, wrapped(request)) == (error, "")
        assert m.sandbox.counts()[ASK] == 1, "never repeated"
    line = last_line(m, "elasticpath/tokens: ")
    assert str(code) in line and f"POST {PATH}" in line
    log = m.log()
    assert VERIFIER not in log and PASSWORD not in log and "the code ***" in log
    m.sandbox.clear_faults()
    assert ask(m, wrapped(oidc(five)))[0] == "ok"


def test_a_request_that_is_quoted_as_json(ep):
    m = ep("documents", QUICK)
    words = f"can't read {json.dumps(password('someone'))}"
    m.sandbox.fault(fault="status", status=400, method="POST", path=PATH,
                    body=json.dumps({"errors": [{"title": "No", "detail": words}]}))
    assert ask(m, wrapped(password("someone"))) == ("EINVAL", "")
    clean(m, "QUARTZ")


@pytest.mark.parametrize("fault", ["drop_after", "drop", "html_after", "not_json_after", "empty_after", "truncate",
                                   "stall"])
def test_no_answer(ep, fault):
    m = ep("documents", {"elasticpath": {"timeout": 1, "retry_budget": 2}})
    five = person(m.sandbox, 5)
    m.sandbox.fault(fault=fault, method="POST", path=PATH, times=-1)
    result, text = ask(m, wrapped(oidc(five)))
    assert result not in ("ok", "ENOENT", "EINVAL") and text == ""
    assert m.sandbox.counts()[ASK] == 1
    assert f"POST {PATH}" in m.log()
    m.sandbox.clear_faults()
    clean(m, "QUARTZ")
    assert ask(m, wrapped(oidc(five)))[0] == "ok"


def test_no_implicit_token(ep):
    m = ep("documents", QUICK)
    m.sandbox.fault(fault="status", status=401, path="/oauth/access_token")
    result, text = ask(m, wrapped(oidc(person(m.sandbox, 5))))
    assert (result, text) == ("EKEYREJECTED", "")
    assert m.sandbox.counts().get(ASK, 0) == 0
    assert "access_token" in last_line(m, "EKEYREJECTED")


@pytest.mark.parametrize("text", ["hello\n", "[1]\n", "7\n", '"text"\n', "null\n", '{"a": 1}}\n', "{'data': 1}\n",
                                  '{"a": 1, "a": 2}\n'])
def test_what_is_no_request(ep, text):
    """Nothing is sent of what can never become one object; half of one is told at the latest by close."""
    m = ep()
    with opened(m) as file:
        error = name_of(errno_of(os.write, file, text.encode()))
        synced = name_of(errno_of(os.fsync, file))
        assert os.read(file, 100) == b""
        assert "EINVAL" in (error, synced, name_of(errno_of(os.close, file)))
    assert m.sandbox.counts().get(ASK, 0) == 0
    assert "elasticpath/tokens" in last_line(m, "EINVAL")


def test_half_a_request(ep):
    m = ep("documents")
    text = wrapped(oidc(person(m.sandbox, 5)))
    file = os.open(file_of(m), os.O_RDWR)
    os.write(file, text[:-3].encode())
    assert name_of(errno_of(os.close, file)) == "EINVAL"
    assert m.sandbox.counts()["total"] == 0
    clean(m, "QUARTZ")


def test_too_large(ep):
    m = ep()
    text = json.dumps({"data": {"x": "y" * (1 << 20)}})
    with opened(m) as file:
        error, at = 0, 0
        while at < len(text) and not error:
            error = errno_of(os.write, file, text[at:at + 65536].encode())
            at += 65536
        assert name_of(error) == "EFBIG"
        # nor is what is left of it a request
        for rest in ('"}}', wrapped(oidc(person(m.sandbox, 5)))):
            assert name_of(errno_of(os.write, file, rest.encode())) == "EFBIG"
        assert name_of(errno_of(os.fsync, file)) == "EFBIG"
    assert m.sandbox.counts()["total"] == 0
    assert m.log().count(" EFBIG ") == 1
    assert ask(m, wrapped(oidc(person(m.sandbox, 5))))[0] == "ok"


def test_an_error_is_not_the_end(ep):
    """The next request on the same descriptor is one of its own."""
    m = ep("documents")
    five = person(m.sandbox, 5)
    with opened(m) as file:
        assert fails(os.write, file, wrapped(oidc("nobody")).encode()) == "EKEYREJECTED"
        assert fails(os.write, file, wrapped(oidc(five)).encode()) == "ok"
        assert json.loads(read_all(file))["meta"]["account_member_id"] == five


def test_whoever_waits_is_freed(ep):
    m = ep("documents")
    text = wrapped(oidc(person(m.sandbox, 5)))
    m.sandbox.fault(fault="stall", method="POST", path=PATH, times=-1)
    writer = m.spawn(f"exec 3<>elasticpath/tokens; exec /bin/echo '{text}' >&3")
    harness.wait_until(lambda: m.sandbox.counts().get(ASK), 10 * harness.SCALE, "the request")
    began = time.monotonic()
    m.sh("cat elasticpath/tokens; ls elasticpath >/dev/null; cat .rosterfs/status", timeout=5).ok()
    assert time.monotonic() - began < harness.AT_ONCE
    assert writer.kill(signal.SIGKILL) < harness.AT_ONCE
    m.sandbox.clear_faults()
    clean(m, "QUARTZ")


def test_one_request_does_not_wait_for_another(ep):
    """Two programs sign buyers in: a stalled request is nobody else's."""
    m = ep("documents")
    five, seven = wrapped(oidc(person(m.sandbox, 5))), wrapped(oidc(person(m.sandbox, 7)))
    m.sandbox.fault(fault="stall", method="POST", path=PATH)
    first = m.spawn(f"exec 3<>elasticpath/tokens; exec /bin/echo '{five}' >&3")
    harness.wait_until(lambda: m.sandbox.counts().get(ASK), 10 * harness.SCALE, "the first request")
    second = m.spawn(f"exec 3<>elasticpath/tokens; echo '{seven}' >&3; exec cat <&3")
    try:
        assert len(tokens_in(second.finish(5).out)) > 0
    finally:
        first.kill()


# ---- what does not happen ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("options", [[], ["-d"]])
def test_nothing_is_kept(ep, profile, options):
    m = ep(profile, QUICK, options=options)
    one = people(m.sandbox)[4]
    ask(m, wrapped(oidc(one["email"])))
    ask(m, wrapped(oidc("code-QUARTZ-4")))
    ask(m, wrapped(password(one["email"])))
    ask(m, wrapped({**oidc(one["email"]), "authentication_mechanism": "mechanism-QUARTZ-5"}))
    ask(m, wrapped({**oidc(one["email"]), "type": "type-QUARTZ-6"}))
    ask(m, "no request-QUARTZ-7\n")
    ask(m, '{"half-QUARTZ-8": ')
    m.sh("ls -l elasticpath").ok()
    clean(m, "QUARTZ")
    for name in ("status", "log", "metrics", "changes"):
        with contextlib.suppress(FileNotFoundError):
            text = (m.path / ".rosterfs" / name).read_text()
            assert "CANARY" not in text and "QUARTZ" not in text


def test_fixed(ep):
    m = ep()
    path = file_of(m)
    assert fails(os.unlink, path) == "EPERM"
    assert fails(os.rename, path, m.path / "elasticpath/x") == "EPERM"
    assert fails(os.rename, m.path / f"elasticpath/{person(m.sandbox, 5)}.json", path) == "EPERM"
    assert fails(os.symlink, "MANUAL", path) == "EEXIST"
    assert fails(os.chmod, path, 0o644) == "ok"
    assert path.stat().st_mode & 0o777 == 0o600
    # truncating and touching ask for nothing
    for command in (":> elasticpath/tokens", "truncate -s 0 elasticpath/tokens", "touch elasticpath/tokens",
                    "exec 3<>elasticpath/tokens; printf '' >&3; cat <&3"):
        assert m.sh(command).out == ""
    assert m.sandbox.counts().get(ASK, 0) == 0


def test_dry_run(ep):
    m = ep("documents", options=["-o", "dry_run"])
    result, text = ask(m, wrapped(oidc(person(m.sandbox, 5))))
    assert (result, text) == ("ok", "")
    assert PATH in last_line(m, "dry run")
    assert not sent(m.sandbox)
    clean(m, "QUARTZ")


def test_read_only(ep):
    m = ep("documents", options=["-o", "ro"])
    for flags in (os.O_RDWR, os.O_WRONLY):
        assert fails(os.open, file_of(m), flags) == "EROFS"
    assert m.sandbox.counts()["total"] == 0
