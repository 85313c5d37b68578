# SPDX-License-Identifier: EUPL-1.2
import json

import pytest

from tools import bench

KEYS = ["name", "unit", "ours", "peer", "theirs", "ratio", "runs"]
NAMES = [
    "seal_vs_openssl",
    "seal_vs_age",
    "seal_digest_vs_openssl",
    "recipients_20_vs_1",
    "open_cli_vs_openssl",
    "open_cli_vs_age",
    "assess_vs_openssl",
    "memory_per_upload_mib",
    "page_p99_under_uploads_ms_vs_idle",
    "deposit_vs_nginx_put",
    "deposit_vs_tus_server",
    "deposit_32_vs_8",
    "durable_vs_not",
    "list_page_vs_bare_django",
    "open_browser_vs_webcrypto",
]


@pytest.mark.slow
def test_bench_writes_each_ratio_with_its_documented_keys(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "OUTPUT", tmp_path / "build" / "bench.json")

    status = bench.main(["--mib", "9", "--runs", "1"])

    written = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert status == 0
    assert [result["name"] for result in written] == NAMES
    assert [list(result) for result in written] == [KEYS] * len(NAMES)
    assert all(
        result["ratio"] == pytest.approx(result["ours"] / result["theirs"], rel=0.01)
        for result in written
    )


def test_bench_fails_without_its_peer(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")

    status = bench.main(["--mib", "1", "--runs", "1"])

    assert status == 1
    assert "openssl is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "ratio", "expected"),
    [
        ("open_cli_vs_age", 0.7, "≥ 0.7"),
        ("open_cli_vs_age", 0.69, "≥ 0.7 missed"),
        ("memory_per_upload_mib", 5.0, "≤ 5.0"),
        ("memory_per_upload_mib", 5.1, "≤ 5.0 missed"),
        ("assess_vs_openssl", 9.0, ""),
    ],
)
def test_goal_says_whether_a_ratio_misses_it(name, ratio, expected):
    result = bench.Result(name, "s", ours=ratio, peer="it", theirs=1.0, ratio=ratio, runs=1)

    assert bench.goal(result) == expected
