# SPDX-License-Identifier: EUPL-1.2
"""The full installation, read from its files: there is no Docker engine here to run it."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.conf import settings
from django.urls import reverse
from gunicorn.http.unreader import SocketUnreader

from marketplace.management.commands.up import programs

ROOT = Path(settings.BASE_DIR)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["web", "uploads", "worker", "beat", "migrate"]
LEFT_TO_DEFAULTS = {
    "ABANDONED_AFTER_DAYS",
    "DEBUG",
    "EMAIL_PORT",
    "EMAIL_TLS",
    "LOG_LEVEL",
    "SCRUB_MIB_PER_SECOND",
    "SECOND_STORE",
    "SPACE_KEPT_FREE_MIB",
}


def read_by_settings(*helpers: str) -> set[str]:
    """The names, without their prefix, that the settings read through these helpers."""
    source = "".join(
        (ROOT / "marketplace" / name).read_text("utf-8")
        for name in ("settings.py", "environment.py")
    )
    return set(re.findall(rf'\b(?:{"|".join(helpers)})\("([A-Z0-9_]+)"', source))


def given(service: str) -> dict[str, str]:
    return {
        name.removeprefix("SIGILLE_"): re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", value)
        for name, value in SERVICES[service]["environment"].items()
    }


def instructions(name: str) -> list[list[str]]:
    """The instructions of the Dockerfile of that name, in words."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return [line.split()[1:] for line in text.splitlines() if line.startswith(f"{name} ")]


@pytest.mark.parametrize("service", OURS)
def test_service_gives_each_setting_that_production_needs_and_no_other(service):
    secrets = read_by_settings("env_secret")
    plain = read_by_settings("env", "env_bool", "env_int", "env_list")

    wanted = (plain - LEFT_TO_DEFAULTS) | {f"{name}_FILE" for name in secrets}

    assert set(given(service)) == wanted


@pytest.mark.parametrize("service", SERVICES)
def test_secret_comes_from_a_declared_file_and_never_from_the_environment(service):
    environment = SERVICES[service].get("environment", {})
    files = {value for name, value in environment.items() if name.endswith("_FILE")}

    mounted = SERVICES[service].get("secrets", [])

    assert files <= {f"/run/secrets/{name}" for name in mounted}
    assert set(mounted) <= set(COMPOSE["secrets"])
    assert not re.search(r"PASSWORD\b|SECRET_KEY\b", " ".join(set(environment) - {"*"}))


def test_secrets_are_those_that_the_script_makes():
    script = (ROOT / "deploy" / "make_secrets.sh").read_text("utf-8")

    missing = [name for name in COMPOSE["secrets"] if not re.search(rf"\b{name}\b", script)]

    assert missing == []


def test_settings_of_the_compose_file_pass_the_deployment_checks(tmp_path):
    environ = {
        "PATH": "",
        "SIGILLE_EMAIL_HOST": "mail.example",
        "SIGILLE_OPERATORS": "operator@mail.example",
    }
    authority = {"TSA_URL": "https://tsa.example"}
    for name, value in (given("web") | authority).items():
        path = tmp_path / name
        path.write_text(f"{name}-" + "".join(map(chr, range(48, 122))), encoding="ascii")
        if name.endswith("_FILE"):
            environ[f"SIGILLE_{name}"] = str(path)
        elif value:
            environ[f"SIGILLE_{name}"] = value
    environ["SIGILLE_DATA_DIR"] = str(tmp_path)
    environ["SIGILLE_TSA_ROOTS"] = str(ROOT / "tests" / "vectors" / "keys" / "rsa-2048.crt")
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_worker_and_clock_run_with_the_options_of_the_embedded_installation():
    embedded = {program.name: program.command for program in programs("", 0, 16)}

    for service in ("worker", "beat"):
        options = [word for word in embedded[service][2:] if not word.startswith("/")]
        command = [
            word for word in SERVICES[service]["command"].split() if not word.startswith("/")
        ]
        assert command == options


def test_services_wait_for_what_they_use_and_say_when_they_are_ready():
    for name, service in SERVICES.items():
        for other, condition in service.get("depends_on", {}).items():
            is_awaited = condition["condition"] == "service_healthy"
            assert other in SERVICES, name
            assert not is_awaited or "healthcheck" in SERVICES[other], (name, other)


def test_gunicorn_receives_as_much_at_once_as_its_configuration_says(monkeypatch):
    """It is no setting of gunicorn's: under another name, what is set would be nothing."""
    configuration = (ROOT / "gunicorn.conf.py").read_text("utf-8")
    monkeypatch.setattr(SocketUnreader, "max_body_chunk", 100_000)

    assert "\nSocketUnreader.max_body_chunk = " in configuration
    assert SocketUnreader(SimpleNamespace(recv=bytes)).chunk(1_000_000) == bytes(100_000)


def test_proxy_keeps_bodies_off_the_disk():
    words = (ROOT / "deploy" / "nginx.conf").read_text("utf-8").split()

    directives = dict(pairwise(words))

    assert directives["proxy_request_buffering"] == "off;"
    assert directives["proxy_max_temp_file_size"] == "0;"
    assert directives["client_max_body_size"] == "0;"


def test_proxy_gives_the_files_of_bids_to_processes_of_their_own():
    words = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    upload = reverse("envelopes:upload", args=[UUID(int=1)])

    served = dict(re.findall(r"location (/\S*) {\s+proxy_pass http://\$(\w+);", words))
    hosts = dict(re.findall(r"set \$(\w+) (\w+):8000;", words))

    assert [hosts[name] for path, name in served.items() if upload.startswith(path)] == [
        "web",
        "uploads",
    ]
    assert set(hosts.values()) <= SERVICES["proxy"]["depends_on"].keys()


def test_proxy_logs_no_query_and_nothing_of_a_failed_request_for_the_calendar():
    words = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    feed = words[words.index(f"location = {reverse('keys:expiries')} {{") :]

    [log_format] = re.findall(r"log_format (no_query [^;]*);", words)

    assert re.findall(r"access_log ([^;]*);", words) == ["/var/log/nginx/access.log no_query"]
    assert set(re.findall(r"\$\w+", log_format)).isdisjoint(
        {"$request", "$request_uri", "$args", "$query_string", "$http_referer"}
    )
    assert "error_log /dev/null emerg;" in feed[: feed.index("}")]


def test_image_is_built_from_locks_serves_wsgi_and_is_not_root():
    runs = " ".join(word for words in instructions("RUN") for word in words)

    assert "--require-hashes" in runs
    assert "npm ci" in runs
    assert instructions("USER") == [["sigille"]]
    assert "marketplace.wsgi" in " ".join(instructions("CMD")[0])


def test_image_copies_what_exists_and_what_the_builder_is_sent():
    sent = (ROOT / ".dockerignore").read_text("utf-8")
    sources = [words[:-1] for words in instructions("COPY") if not words[0].startswith("--from")]

    for source in {name for names in sources for name in names}:
        assert f"\n!{source.split('/')[0]}\n" in sent, source
        assert (ROOT / source).exists(), source


def test_what_is_built_goes_with_the_licence_of_each_package_that_is_in_it():
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]

    notices = (ROOT / "static/dist/licences.txt").read_text("utf-8").split("-" * 80)

    assert wanted.keys() <= {notice.split()[0] for notice in notices}
    assert all("ermission" in notice for notice in notices)  # MIT, BSD: what one may do
