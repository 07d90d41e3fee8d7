# SPDX-License-Identifier: Apache-2.0
"""Counting, the agent, and talking to it."""
import atexit, json, os, shutil, socket, subprocess, sys, tempfile, time

TOP = os.path.abspath(os.path.dirname(__file__) + "/../..")
DIR = tempfile.mkdtemp(prefix="brigwatch-health.")
RUN_DIR = DIR + "/run"
SOCKET = RUN_DIR + "/status.sock"
PORT = 19110
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else TOP + "/build")
BRIGWATCH = BUILD + "/brigwatch"
counts = {"passed": 0, "failed": 0, "skipped": 0}
agents = []


def clean():
    for agent in agents:
        if agent.poll() is None:
            agent.kill()
            agent.wait()
    if os.environ.get("KEEP"):
        print(DIR)
    else:
        shutil.rmtree(DIR, ignore_errors=True)


atexit.register(clean)


def check(name, good, detail=""):
    counts["passed" if good else "failed"] += 1
    print(f"{'ok  ' if good else 'FAIL'} {name}" + (f"\n     {str(detail)[:1500]}" if not good else ""), flush=True)
    return bool(good)


def skip(name, why):
    counts["skipped"] += 1
    print(f"skip {name}: {why}", flush=True)


def total():
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    sys.exit(counts["failed"] > 0 or counts["passed"] + counts["skipped"] == 0)


def wait_for(seconds, what, pause=0.1):
    """The first true answer of `what`, or its last."""
    end = time.time() + seconds
    while True:
        answer = what()
        if answer or time.time() > end:
            return answer
        time.sleep(pause)


def command(*args, **more):
    return subprocess.run([str(a) for a in args], stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)


class Agent:
    """An agent of the test's own, in a run directory of its own."""

    def __init__(self, *options, env=None, rules=TOP + "/rules"):
        self.messages = DIR + f"/messages.{len(agents)}"
        self.alerts = DIR + f"/alerts.{len(agents)}"
        with open(self.messages, "w") as messages:
            self.process = subprocess.Popen(
                [BRIGWATCH, "run", "--config", "none", "--rules", rules, "--format", "json", "--output", self.alerts,
                 "--run-dir", RUN_DIR, *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=messages,
                env={**os.environ, **(env or {})})
        agents.append(self.process)
        self.pid = self.process.pid

    def said(self, what):
        return what in open(self.messages).read()

    def child(self, name):
        """The pid of one of its processes, by its name, or None."""
        try:
            pids = open(f"/proc/{self.pid}/task/{self.pid}/children").read().split()
            return next((int(p) for p in pids if open(f"/proc/{p}/comm").read().strip() == name), None)
        except OSError:
            return None

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None


def health(*options):
    """Exit code and what was said, of `brigwatch health`."""
    done = command(BRIGWATCH, "health", "--run-dir", RUN_DIR, *options)
    return done.returncode, done.stdout + done.stderr


def state():
    """`brigwatch health --json`, {} when there is none."""
    done = command(BRIGWATCH, "health", "--json", "--run-dir", RUN_DIR)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def codes():
    return {reason["code"] for reason in state().get("reasons", [])}


def connect(unix, timeout=5):
    if unix:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(SOCKET)
    else:
        s = socket.create_connection(("127.0.0.1", PORT), timeout)
    return s


def get(path, unix=True, method="GET", timeout=5):
    """Code, head and body of an answer; code 0: there was none."""
    try:
        with connect(unix, timeout) as s:
            s.sendall(f"{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
            data = b""
            while True:
                part = s.recv(65536)
                if not part:
                    break
                data += part
    except OSError as error:
        return 0, str(error), ""
    head, _, body = data.partition(b"\r\n\r\n")
    words = head.split()
    return int(words[1]) if len(words) > 1 else 0, head.decode(), body.decode()
