"""Random cases of every stack through the native engine: how many ran, and which differ.

    python differ.py --cases N [--stacks sk12 sk15 sk19] [--seed FIRST]

Must not know an estimator: fuzz.py draws them, the conformance test judges them.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "differential"
BATCH = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--stacks", nargs="+", default=["sk12", "sk15", "sk19"])
    parser.add_argument("--seed", type=int, help="the first seed; by default where the last run ended")
    parser.add_argument("--venvs", type=pathlib.Path, default=ROOT / "target" / "venvs")
    chosen = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    last = WORK / "last-seed"
    seed = chosen.seed if chosen.seed is not None else int(last.read_text()) if last.exists() else 0
    judge = built()
    ran, refused, found = 0, collections.Counter(), []
    while ran < chosen.cases:
        shutil.rmtree(WORK / "cases", ignore_errors=True)
        trainers = [
            subprocess.Popen([python(chosen.venvs, stack), "-W", "ignore", str(ROOT / "tests/differential/fuzz.py"), stack,
                "--seed", str(seed + BATCH * place), "--count", str(BATCH), "--out", str(WORK / "cases")])
            for place, stack in enumerate(chosen.stacks)
        ]  # fmt: skip
        if any(trainer.wait() for trainer in trainers):
            sys.exit("a trainer failed")
        seed += BATCH * len(chosen.stacks)
        last.write_text(str(seed))
        output = judged(judge, WORK / "cases")
        count = re.search(r"(\d+) cases: (\d+) as promised, (\d+) refused", output)
        if count is None:
            sys.exit(output)
        ran += int(count[1])
        for reason in re.findall(r"^\S+/fuzz_\S+: refused: (.*)$", output, re.MULTILINE):
            refused[reason.rpartition(": ")[2]] += 1
        for case, detail in re.findall(r"^(\S+/fuzz_\S+)\n((?:    .*\n)+)", output, re.MULTILINE):
            found.append(case)
            keep(judge, chosen.venvs, case, detail)
        print(f"{ran} cases ran ({sum(refused.values())} of them not read natively), {len(found)} differ", flush=True)
    for reason, count in refused.most_common(30):
        print(f"  not read natively: {count:5} {reason}")
    for case in found:
        print(f"  differs: {case}")
    sys.exit(1 if found else 0)


def python(venvs: pathlib.Path, stack: str) -> str:
    return str(venvs / stack / "bin" / "python")


def built() -> pathlib.Path:
    """The conformance test as it is now: a copy, so that the sources may change while this runs."""
    command = ["cargo", "test", "--package", "pelton-native", "--test", "conformance", "--no-run", "--message-format", "json"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    made = [message.get("executable") for message in map(json.loads, output.splitlines())]
    copy = WORK / "conformance"
    shutil.copy(next(path for path in made if path), copy)
    return copy


def judged(judge: pathlib.Path, folder: pathlib.Path) -> str:
    """What the conformance test says of a folder's cases."""
    environment = {**os.environ, "PELTON_CASES": str(folder), "RUST_BACKTRACE": "0"}
    command = [str(judge), "native_answers", "--nocapture"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr


def keep(judge: pathlib.Path, venvs: pathlib.Path, case: str, detail: str) -> None:
    """Keeps a case that differs, cut down to its first differing row where that still differs."""
    print(f"{case}\n{detail[:700]}", flush=True)
    stack, name = case.split("/")
    seed, row = name.split("_")[1], re.search(r"row (\d+):", detail)
    whole, small = WORK / "found" / stack, WORK / "smaller"
    whole.mkdir(parents=True, exist_ok=True)
    for path in (WORK / "cases" / stack).glob(f"{name}.*"):
        shutil.copy(path, whole)
    if row is None:
        return
    shutil.rmtree(small, ignore_errors=True)
    subprocess.run([python(venvs, stack), "-W", "ignore", str(ROOT / "tests/differential/fuzz.py"), stack, "--seed", seed, "--count", "1",
                    "--row", row[1], "--out", str(small)], capture_output=True)  # fmt: skip
    if f"{case}\n    " in judged(judge, small):
        for path in (small / stack).glob(f"{name}.*"):
            shutil.copy(path, whole)


if __name__ == "__main__":
    main()
