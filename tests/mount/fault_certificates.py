# SPDX-License-Identifier: Apache-2.0
"""Certificates of a server at 127.0.0.1: one that is right, and three that are not."""

import ssl
import subprocess

CONFIG = """[ca]
default_ca = one
[one]
dir = .
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""
# name: the address that it is for, its last day, whether the mount trusts whoever signed it
KINDS = {"right": ("127.0.0.1", "20491231000000Z", True), "wrong": ("127.0.0.9", "20491231000000Z", True),
         "expired": ("127.0.0.1", "20200102000000Z", True), "self-signed": ("127.0.0.1", "20491231000000Z", False)}


def make(folder):
    """{name: ssl.SSLContext}, and the file of those that are to be trusted."""
    contexts, trusted = {}, ""
    for name, (address, end, trust) in KINDS.items():
        place = folder / name
        place.mkdir(parents=True)
        (place / "ca.conf").write_text(CONFIG)
        (place / "index").touch()
        run(place, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            "key.pem", "-out", "asked.pem", "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{address}")
        run(place, "ca", "-batch", "-notext", "-config", "ca.conf", "-create_serial", "-selfsign", "-keyfile",
            "key.pem", "-in", "asked.pem", "-out", "own.pem", "-startdate", "20200101000000Z", "-enddate", end)
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(place / "own.pem", place / "key.pem")
        trusted += (place / "own.pem").read_text() if trust else ""
    file = folder / "trusted.pem"
    file.write_text(trusted)
    return contexts, file


def run(place, *words):
    subprocess.run(["openssl", *words], cwd=place, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)
