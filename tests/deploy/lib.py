# SPDX-License-Identifier: Apache-2.0
"""What the parts of tests/deploy share: counting, the place for files, running make."""
import atexit, os, shutil, subprocess, sys, tempfile

TOP = os.path.abspath(os.path.dirname(__file__) + "/../..")
DIR = tempfile.mkdtemp(prefix="brigwatch-deploy.")
# Names of parts; empty: all.
PARTS = os.environ.get("PARTS", "").split()
BUILD = "build"
os.umask(0o022)
counts = {"passed": 0, "failed": 0, "skipped": 0}


def clean():
    if os.environ.get("KEEP"):
        print(DIR)
    else:
        shutil.rmtree(DIR, ignore_errors=True)


atexit.register(clean)


def check(name, good, detail=""):
    counts["passed" if good else "failed"] += 1
    print(f"{'ok  ' if good else 'FAIL'} {name}" + (f"\n     {detail}" if not good else ""), flush=True)
    return bool(good)


def skip(name, why):
    counts["skipped"] += 1
    print(f"skip {name}: {why}", flush=True)


def command(*args, **more):
    """The finished command, its output as text; it need not succeed."""
    return subprocess.run([str(a) for a in args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          **more)


def make(*args):
    return command("make", "-s", "-C", TOP, f"BUILD={BUILD}", *args)


def files(tree):
    """Every file and link below `tree`, by its path from there."""
    return sorted(os.path.relpath(os.path.join(d, f), tree) for d, _, names in os.walk(tree) for f in names)


def total():
    print(f"{counts['passed']} passed, {counts['failed']} failed" +
          (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    sys.exit(counts["failed"] > 0)
