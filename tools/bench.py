# SPDX-License-Identifier: EUPL-1.2
"""The benchmarks: `python -m tools.bench [--mib 1024] [--runs 5]`.

Ours and the peer take turns in the same run, on the same bytes; medians are compared, for only the ratio
means something on a shared machine. A peer that is not there is a failure. Writes `build/bench.json`.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import FileIO
from pathlib import Path
from statistics import median

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from envelopes.limits import LARGEST_READ
from keys.certificates import assess, read_certificate
from keys.cms import BLOCK_SIZE, FILE_ID_SIZE, BlockSealer, Recipient
from marketplace import durable_files
from tests.keys.corpus import BAD
from tools import bench_deposits, bench_offline, bench_opening, bench_pages
from tools.bench_deposits import Measures, PeerMissing, Site

OUTPUT = Path(__file__).resolve().parent.parent / "build" / "bench.json"
MIB = 1024 * 1024
MANY = 20  # recipients

AT_LEAST = {  # ratios aimed at; docs/decisions/0011-goals-of-the-benchmarks.md says which are out of reach
    "seal_vs_openssl": 1.4,
    "seal_vs_age": 1.1,
    "seal_digest_vs_openssl": 1.3,
    "deposit_vs_tus_server": 1.2,
    "deposit_vs_nginx_put": 0.55,
    "deposit_32_vs_8": 0.95,
    "durable_vs_not": 0.8,
    "open_cli_vs_openssl": 6.0,
    "open_cli_vs_age": 0.7,
    "open_browser_vs_webcrypto": 0.5,
    "list_page_vs_bare_django": 0.7,
}
AT_MOST = {
    "recipients_20_vs_1": 1.08,
    "memory_per_upload_mib": 5.0,
    "page_p99_under_uploads_ms_vs_idle": 4.0,
}

Run = Callable[[], float]  # seconds of one run


@dataclass(frozen=True)
class Result:
    name: str
    unit: str
    ours: float
    peer: str
    theirs: float
    ratio: float  # ours / theirs
    runs: int


@dataclass(frozen=True)
class Bench:
    """One comparison: two ways of spending seconds on the same bytes."""

    name: str
    ours: Run
    peer: str
    theirs: Run
    is_rate: bool = True  # compare MiB a second; otherwise seconds
    rate: str = "MiB per CPU second"

    def measure(self, mib: int, runs: int) -> Result:
        self.ours()
        self.theirs()  # once each unmeasured, for the caches
        pairs = [(self.ours(), self.theirs()) for _ in range(runs)]
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        if self.is_rate:
            ours, theirs = mib / ours, mib / theirs
        unit = self.rate if self.is_rate else "seconds"
        return Result(
            self.name, unit, rounded(ours), self.peer, rounded(theirs), rounded(ours / theirs), runs
        )


def rounded(value: float) -> float:
    """Four figures: more would be noise."""
    return float(f"{value:.4g}")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure beside peers.")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file sealed")
    parser.add_argument("--runs", type=int, default=5, help="measured runs of each")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sigille-bench-") as name:
        try:
            found = [
                measured(bench, options.mib, options.runs)
                for bench in benches(Path(name), options.mib)
            ]
            with bench_deposits.servers(Path(name)) as measures:
                found += of_deposits(measures, options.mib, options.runs)
            found.append(of_a_list(Path(name), options.runs))
            with bench_opening.opener(Path(name), options.mib) as opener:
                bench = Bench(
                    "open_browser_vs_webcrypto",
                    opener.ours,
                    opener.peer,
                    opener.theirs,
                    rate="MiB per second",
                )
                found.append(measured(bench, opener.mib, options.runs))
        except PeerMissing as error:
            print(error, file=sys.stderr)
            return 1
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([asdict(result) for result in found], indent=2) + "\n")
    print_table(found)
    return 0


def benches(folder: Path, mib: int) -> list[Bench]:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise PeerMissing("openssl is not installed (Debian package: openssl).")
    source = make_file(folder / "source", mib)
    certificates = make_certificates(folder)
    recipients = [Recipient.of(read_certificate(path.read_bytes())) for path in certificates]
    cms = [openssl, "cms", "-encrypt", "-stream", "-binary", "-aes-256-gcm", "-outform", "DER"]
    cms += ["-in", str(source), "-out", os.devnull]
    for path in certificates:
        cms += ["-recip", str(path), "-keyopt", "rsa_padding_mode:oaep"]
        cms += ["-keyopt", "rsa_oaep_md:sha256"]
    slowest = make_slowest(folder / "slowest.crt")
    digest = [openssl, "dgst", "-sha256", str(source)]
    version = subprocess.check_output([openssl, "version"], text=True).split("(")[0].strip()
    to_nowhere = partial(seal_to_nowhere, source, recipients)
    to_disk = partial(seal_to_disk, source, folder=folder / "sealed")
    opener = bench_offline.openers(folder, source, certificates)
    return [
        Bench(
            "seal_vs_openssl",
            partial(to_nowhere, digested=False),
            f"{version}: cms -stream",
            partial(run, cms),
        ),
        Bench("seal_vs_age", partial(to_nowhere, digested=False), *age(source)),
        Bench(
            "seal_digest_vs_openssl",
            partial(to_nowhere, digested=True),
            f"{version}: cms -stream, dgst -sha256",
            partial(run, cms, digest),
        ),
        Bench(
            "recipients_20_vs_1",
            partial(to_disk, recipients),
            "ours, 1 recipient",
            partial(to_disk, recipients[:1]),
            is_rate=False,
        ),
        Bench(
            "open_cli_vs_openssl",
            opener.ours,
            f"{version}: cms -decrypt",
            opener.openssl,
            rate="MiB per second",
        ),
        Bench("open_cli_vs_age", opener.ours, "age --decrypt", opener.age, rate="MiB per second"),
        Bench(
            "assess_vs_openssl",
            partial(assess_once, slowest),
            f"{version}: x509 -text",
            partial(run, [openssl, "x509", "-noout", "-text", "-in", str(slowest)]),
            is_rate=False,
        ),
    ]


def age(source: Path) -> tuple[str, Run]:
    """age with as many recipients, of its own kind."""
    programs = [shutil.which(name) for name in ("age", "age-keygen")]
    if None in programs:
        raise PeerMissing("age is not installed (Debian package: age).")
    program, keygen = map(str, programs)
    seal_by_age = [program, "--output", os.devnull]
    for _ in range(MANY):
        made = subprocess.run([keygen], check=True, capture_output=True, text=True).stderr
        seal_by_age += ["--recipient", made.split()[-1]]  # "Public key: age1…"
    version = subprocess.check_output([program, "--version"], text=True).strip()
    return f"age {version}, {MANY} recipients", partial(run, [*seal_by_age, str(source)])


def of_deposits(measures: Measures, mib: int, runs: int) -> list[Result]:
    """The memory first: afterwards the server has held more."""
    memory = rounded(measures.memory_per_upload(mib))
    site, put = measures.site, partial(bench_deposits.nginx_put, measures.nginx, mib)
    durable, forgetful = (partial(one.at_once, 1, mib) for one in (site, measures.forgetful))
    tus = partial(bench_deposits.tus_upload, measures.tus, mib)
    compared = [
        Bench("deposit_vs_nginx_put", durable, "nginx: WebDAV PUT, same disk", put),
        Bench("deposit_vs_tus_server", durable, "@tus/server, same disk", tus),
        Bench(
            "deposit_32_vs_8",  # files as large as the others': a quarter of the bytes
            partial(site.at_once, 32, mib),
            "ours, 8 uploads at once",
            lambda: 4 * site.at_once(8, mib // 4),
        ),
        Bench("durable_vs_not", durable, "ours, without fsync", forgetful),
    ]
    per_upload = Result("memory_per_upload_mib", "MiB", memory, "1 MiB", 1.0, memory, 1)
    timed = [replace(bench, rate="MiB per second") for bench in compared]
    return [per_upload, page(site, mib), *(measured(bench, mib, runs) for bench in timed)]


def page(site: Site, mib: int) -> Result:
    """How long somebody else waits for a page at worst, while bids are received."""
    idle = median(site.page_times())
    busy = [seconds for _ in range(3) for seconds in site.page_times(uploads=8, mib=mib)]
    slowest = rounded(sorted(busy)[len(busy) * 99 // 100] * 1000)
    name, median_ms = "page_p99_under_uploads_ms_vs_idle", rounded(idle * 1000)
    ratio = rounded(slowest / median_ms)
    return Result(name, "ms", slowest, "ours, idle: median", median_ms, ratio, len(busy))


def of_a_list(folder: Path, runs: int) -> Result:
    ours, bare = bench_pages.seconds_of_pages(folder / "crowded", runs)
    return Result(
        "list_page_vs_bare_django",
        "pages per second",
        rounded(1 / ours),
        "Django: a bare list of 20",
        rounded(1 / bare),
        rounded(bare / ours),
        runs,
    )


def measured(bench: Bench, mib: int, runs: int) -> Result:
    print(f"{bench.name}…", file=sys.stderr, flush=True)
    return bench.measure(mib, runs)


def seal(source: Path, recipients: Sequence[Recipient]) -> Iterator[Iterator[bytes]]:
    """The blocks of a file, in sealed pieces, with the very code of the uploads; in their order."""
    file_id, size = os.urandom(FILE_ID_SIZE), source.stat().st_size
    with source.open("rb", buffering=0) as file:
        for number, start in enumerate(range(0, size, BLOCK_SIZE)):
            left = min(BLOCK_SIZE, size - start)
            is_last = start + left == size
            sealer = BlockSealer(
                recipients, file_id=file_id, number=number, is_last=is_last, size=left
            )
            yield pieces(sealer, file, left)


def pieces(sealer: BlockSealer, file: FileIO, left: int) -> Iterator[bytes]:
    """A sealed block of the next `left` bytes of a file."""
    piece = memoryview(bytearray(LARGEST_READ))
    yield sealer.header
    while left:
        count = file.readinto(piece[: min(left, LARGEST_READ)]) or 0
        yield sealer.update(piece[:count])
        left -= count
    yield sealer.finish()


def seal_to_nowhere(source: Path, recipients: Sequence[Recipient], *, digested: bool) -> float:
    """CPU seconds of sealing a file, its ciphertext digested or not."""
    started = time.process_time()
    with Path(os.devnull).open("wb", buffering=0) as sink:
        for block in seal(source, recipients):
            sink.writelines(with_digest(block) if digested else block)
    return time.process_time() - started


def seal_to_disk(source: Path, recipients: Sequence[Recipient], folder: Path) -> float:
    """Seconds by the clock of sealing a file as an upload is: digested, each block safe on the disk."""
    folder.mkdir()
    started = time.perf_counter()
    for number, block in enumerate(seal(source, recipients)):
        durable_files.write_new(folder / str(number), with_digest(block))
        durable_files.sync_folder(folder)
    elapsed = time.perf_counter() - started
    shutil.rmtree(folder)
    return elapsed


def with_digest(block: Iterator[bytes]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for sealed in block:
        digest.update(sealed)
        yield sealed
    digest.digest()


def assess_once(path: Path) -> float:
    """CPU seconds of the assessment of one certificate."""
    data, now = path.read_bytes(), datetime.now(UTC)
    started = time.process_time()
    assess(data, now=now)
    return time.process_time() - started


def run(*commands: Sequence[str]) -> float:
    """Run these commands; their CPU seconds together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def make_file(path: Path, mib: int) -> Path:
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))
    return path


def make_certificates(folder: Path) -> list[Path]:
    """Self-signed RSA-3072 certificates, the kind that agents make by default; their keys beside."""
    paths = [folder / f"{number}.pem" for number in range(MANY)]
    now = datetime.now(UTC)
    for number, path in enumerate(paths):
        print(f"\rkeys: {number + 1}/{MANY}", end="", file=sys.stderr, flush=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Recipient {number}")])
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        path.with_suffix(".key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    print(file=sys.stderr)
    return paths


def make_slowest(path: Path) -> Path:
    """The certificate of the tests whose assessment takes the longest: it has a thousand extensions."""
    _, make = BAD["1000 extensions"]
    path.write_bytes(make())
    return path


def print_table(results: Sequence[Result]) -> None:
    print(f"{'name':34} {'ours':>10} {'theirs':>10} {'ratio':>7}  {'goal':13}  unit; peer")
    for result in results:
        figures = f"{result.ours:10.2f} {result.theirs:10.2f} {result.ratio:7.2f}"
        print(f"{result.name:34} {figures}  {goal(result):13}  {result.unit}; {result.peer}")


def goal(result: Result) -> str:
    """What was aimed at, and whether it is missed; nothing where there is no goal."""
    least, most = AT_LEAST.get(result.name), AT_MOST.get(result.name)
    if least is not None:
        return f"≥ {least}" + (" missed" if result.ratio < least else "")
    if most is not None:
        return f"≤ {most}" + (" missed" if result.ratio > most else "")
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
