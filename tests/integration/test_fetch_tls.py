"""Workers find the TLS context that the template made, and trust nothing but what is configured."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import certifi
import pytest

from ytaudio_daemon.fetch import CA_FILE_ENV

#: Warms up as the template does, then opens yt-dlp as a worker does; prints what was read anew.
PROGRAM = """
import json, os, sys
import yt_dlp.networking.common as networking
from ytaudio_daemon.fetch import shared_tls, ytdlp_client

def contexts():
    if sys.argv[1]:  # as `prepare_environment` does
        os.environ["SSL_CERT_FILE"] = sys.argv[1]
    options = shared_tls.compat_options(sys.argv[1])
    params = {"logger": ytdlp_client.LogCapture(), "js_runtimes": {}, "compat_opts": options}
    with ytdlp_client.YtDlpClient(params) as ydl:
        handlers = ydl._request_director.handlers.values()
        made = {handler._make_sslcontext() for handler in handlers}
    return [networking.make_ssl_context.cache_info().misses, *(c.cert_store_stats()["x509_ca"] for c in made)]

ytdlp_client.warm_up()
found = {"warm": networking.make_ssl_context.cache_info().misses, "worker": contexts()}
if bundle := os.environ.get("SSL_CERT_FILE"):
    text = open(bundle).read()
    open(bundle, "w").write("".join(text.partition("-----END CERTIFICATE-----")[:2]) + "\\n")
    found["replaced"] = contexts()
print(json.dumps(found))
"""


def run(env: dict[str, str], ca_file: str = "") -> Any:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("SSL_CERT")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ca_file],
        env=plain | env,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of its own, as behind an inspecting proxy."""
    return Path(shutil.copy(certifi.where(), tmp_path / "bundle.pem"))


def test_a_worker_reads_no_certificates_again() -> None:
    found = run({})
    assert found["worker"][0] == found["warm"] == 1
    assert found["worker"][1] > 100


def test_nor_does_it_with_a_bundle_of_the_environment(bundle: Path) -> None:
    found = run({"SSL_CERT_FILE": str(bundle)})
    assert found["worker"][0] == found["warm"] == 1
    assert found["worker"][1] > 100


def test_a_bundle_that_was_replaced_is_read_again(bundle: Path) -> None:
    found = run({"SSL_CERT_FILE": str(bundle)})
    assert found["replaced"] == [2, 1]


def test_a_configured_bundle_is_read_in_the_template(bundle: Path) -> None:
    found = run({CA_FILE_ENV: str(bundle)}, ca_file=str(bundle))
    assert found["worker"][0] == found["warm"] == 1
    assert found["worker"][1] > 100


def test_another_bundle_than_the_template_s_is_read_by_the_worker(
    bundle: Path, tmp_path: Path
) -> None:
    """As after a reload of the config: nothing of the template's trust stays."""
    small = tmp_path / "small.pem"
    first = bundle.read_text().partition("-----END CERTIFICATE-----")[:2]
    small.write_text("".join(first) + "\n")
    found = run({CA_FILE_ENV: str(bundle)}, ca_file=str(small))
    assert found["worker"] == [2, 1]


def test_what_the_template_read_is_not_trusted_by_a_worker_without_it(
    bundle: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.pem"
    first = bundle.read_text().partition("-----END CERTIFICATE-----")[:2]
    small.write_text("".join(first) + "\n")
    found = run({CA_FILE_ENV: str(small)})
    assert found["worker"][0] == 2
    assert found["worker"][1] > 100, "certifi's"
