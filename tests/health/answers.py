# SPDX-License-Identifier: Apache-2.0
"""What an agent that is well says, and that all of it agrees."""
import os, re, subprocess, time
from prometheus_client.parser import text_string_to_metric_families

from lib import *

BOOK = ("seen", "delivered", "dropped", "suppressed")


def documented():
    """docs/metrics.md: name -> (type, labels)."""
    table = {}
    for line in open(TOP + "/docs/metrics.md"):
        row = re.match(r"\| `brigwatch_(\w+)` \| (\w+) \| ([\w, ]*) ?\|", line)
        if row:
            table["brigwatch_" + row[1]] = (row[2], {l.strip() for l in row[3].split(",") if l.strip()})
    return table


def is_balanced(book):
    return book["seen"] == book["delivered"] + book["dropped"] + book["suppressed"]


def check_books(root):
    rings = root["rings"]
    check("books: seen = delivered + dropped + suppressed, in all",
          root["books"]["seen"] > 0 and is_balanced(root["books"]), root["books"])
    check("books: of each ring and type", all(is_balanced(r) and all(map(is_balanced, r["types"].values())) for r in rings),
          rings)
    check("books: types add up to rings, rings to the whole",
          all(r[k] == sum(t[k] for t in r["types"].values()) for r in rings for k in BOOK) and
          all(root["books"][k] == sum(r[k] for r in rings) for k in BOOK), rings)
    of = root["containers"]
    received = sum(c["received"] for c in of["list"]) + of["host_received"] + of["other_received"]
    suppressed = sum(c["suppressed"] for c in of["list"]) + of["other_suppressed"]
    check("books: containers and host add up to what was received", received == root["books"]["received"], of)
    check("books: containers add up to what was suppressed", suppressed == root["books"]["suppressed"], of)
    check("books: no loss", root["losses"]["total"] == 0 and root["books"]["gaps"] == 0, root["losses"])


def check_metrics(text, is_textfile=False):
    """Names, types and labels are those of the docs, and by the conventions."""
    table = documented()
    if is_textfile:
        table = {n: v for n, v in table.items() if not n.startswith("brigwatch_http_")}
    else:
        table.pop("brigwatch_textfile_written_timestamp_seconds")
    families = {}
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        check(f"metrics: {name} is there once", name not in families) if name in families else None
        families[name] = family
    check(f"metrics: all {len(table)} of docs/metrics.md are there, and no other", set(families) == set(table),
          set(families) ^ set(table))
    wrong = [n for n, f in families.items() if n in table and f.type != table[n][0]]
    check("metrics: with the types of the docs", not wrong, wrong)
    wrong = [(n, s.labels) for n, f in families.items() for s in f.samples
             if n in table and set(s.labels) - {"le"} != table[n][1]]
    check("metrics: with the labels of the docs", not wrong, wrong)
    wrong = [n for n, f in families.items() if not f.documentation or not n.startswith("brigwatch_")
             or (f.type == "counter") != n.endswith("_total")
             or re.search(r"_(ms|milliseconds|minutes|kb|mb|percent)(_|$)", n)]
    check("metrics: names and units by Prometheus' conventions", not wrong, wrong)
    wrong = [(n, s.labels) for n, f in families.items() for s in f.samples for v in s.labels.values()
             if re.search(r"[0-9a-f]{64}", v) and "hash" not in s.labels]
    check("metrics: no ids in labels", not wrong, wrong)
    check("metrics: each line once", len(set(text.splitlines())) == len(text.splitlines()))
    return families


def value(families, name, **labels):
    return next((s.value for s in families[name].samples if labels.items() <= s.labels.items()), None)


def check_process(agent):
    pid = agent.child("brigwatch-stat")
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    caps = [status[k].strip() for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")]
    check("process: no capability, a filter of system calls, no new privileges, another user",
          all(int(c, 16) == 0 for c in caps) and status["Seccomp"].strip() == "2" and
          status["NoNewPrivs"].strip() == "1" and status["Uid"].split() == ["65534"] * 4, (caps, status["Uid"]))
    kinds = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if int(fd) > 2}
    check("process: holds sockets and its own epoll only", all(k.startswith(("socket:", "anon_inode:[eventpoll]"))
                                                               for k in kinds), kinds)
    have = {n: "microhttpd" in open(f"/proc/{p}/maps").read()
            for n, p in [("sensor", agent.pid)] + [(n, agent.child(n)) for n in
                                                   ("brigwatch-engin", "brigwatch-read", "brigwatch-resol", "brigwatch-stat")]}
    check("process: it alone has loaded the HTTP library", [n for n, h in have.items() if h] == ["brigwatch-stat"], have)


def check_probe(agent):
    """As kubelet does it: brigwatch health is executed in a container that has the run directory."""
    path, name = DIR + "/probe", f"bwh-probe-{os.getpid()}"
    binds = [(d, d) for d in ("/usr", "/lib", "/lib64", "/bin") if os.path.exists(d)]
    binds += [(BRIGWATCH, "/brigwatch"), (RUN_DIR, "/run/brigwatch")]
    for source, target in binds:
        os.makedirs(path + "/rootfs" + (target if os.path.isdir(source) else ""), exist_ok=True)
    open(path + "/rootfs/brigwatch", "w").close()
    os.makedirs(path + "/rootfs/proc")
    config = {"ociVersion": "1.0.2", "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": "/",
                                                 "args": ["/usr/bin/sleep", "20"], "env": ["PATH=/usr/bin"]},
              "root": {"path": "rootfs"},
              "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}] +
                        [{"destination": t, "type": "bind", "source": os.path.realpath(s), "options": ["bind", "ro"]}
                         for s, t in binds],
              "linux": {"namespaces": [{"type": kind} for kind in ("mount", "pid", "ipc", "uts", "network")]}}
    with open(path + "/config.json", "w") as file:
        json.dump(config, file)
    with open(path + "/log", "w") as log:
        box = subprocess.Popen(["runc", "run", "--bundle", path, name], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    wait_for(5, lambda: '"running"' in command("runc", "state", name).stdout)
    done = command("runc", "exec", name, "/brigwatch", "health", "--live")
    check("a probe in a container: exit 0", (done.returncode, done.stdout) == (0, "live\n"),
          (done, open(path + "/log").read()))
    time.sleep(1)
    told = [line for line in open(agent.alerts) if '"brigwatch"' in line]
    check("and no alert about it", not told, told)
    command("runc", "delete", "-f", name)
    box.wait()


def run():
    code, out = health()
    check("no agent: health says so and exits 2", code == 2 and "no agent answers" in out, (code, out))
    check("usage: exits 2", health("--nonsense")[0] == 2 and health("--timeout", "0")[0] == 2)
    agent = Agent("--listen", f"127.0.0.1:{PORT}")
    good = wait_for(15, lambda: health()[0] == 0)
    code, out = health()
    check("an agent that is well: exit 0", good and code == 0 and out.startswith("healthy: brigwatch"),
          (out, open(agent.messages).read()))
    check("--live and --ready: exit 0", health("--live")[0] == 0 and health("--ready") == (0, "ready\n"))
    root = state()
    check("hooks are attached", len(root["hooks"]) > 5 and all(h["attached"] for h in root["hooks"]), root["hooks"])
    check("pins are intact", root["pins"]["expected"] > 20 and root["pins"]["missing"] == 0, root["pins"])
    check("the canary came back", root["canary"]["sent"] > 0 and root["canary"]["missed"] == 0, root["canary"])
    check("all processes run", {p["process"] for p in root["processes"]} >=
          {"sensor", "engine", "reader", "resolver", "status"} and all(p["up"] for p in root["processes"]) and
          all(p["resident_bytes"] > 100000 for p in root["processes"]), root["processes"])
    check_books(root)

    for unix in (True, False):
        way = "socket" if unix else "port"
        for path in ("/livez", "/readyz", "/healthz"):
            code, head, body = get(path, unix)
            check(f"{way}: {path} answers 200 and why", code == 200 and json.loads(body) == {"status": "ok", "reasons": []},
                  (code, body))
        version = json.loads(get("/version", unix)[2])
        check(f"{way}: /version", version["kernel"] == os.uname().release and
              version["version"] in command(BRIGWATCH, "version").stdout, version)
        check(f"{way}: an unknown path answers 404", get("/nothing", unix)[0] == 404)
        code, head, body = get("/metrics", unix, "POST")
        check(f"{way}: another method answers 405", code == 405 and "Allow: GET, HEAD" in head, (code, head))
        code, head, body = get("/metrics", unix, "HEAD")
        check(f"{way}: HEAD has no body", code == 200 and not body, (code, len(body)))
        check(f"{way}: a query is no part of the path", get("/livez?verbose=1", unix)[0] == 200)
    check("/health is for the socket alone", get("/health")[0] == 200 and get("/health", False)[0] == 404)
    link = DIR + "/" + "l" * 120
    os.symlink(RUN_DIR, link)
    done = command(BRIGWATCH, "health", "--live", "--run-dir", link)
    check("a run directory with a long name: found all the same", done.returncode == 0, done.stderr)
    done = command(BRIGWATCH, "health", "--live", env={**os.environ, "BRIGWATCH_RUN_DIR": RUN_DIR})
    check("a run directory by the environment", done.returncode == 0, done.stderr)
    mode = os.stat(SOCKET).st_mode & 0o777
    check("the socket is for its owner alone", mode == 0o600, oct(mode))

    code, head, text = get("/metrics", False)
    check("metrics: content type", "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head, head)
    families = check_metrics(text)
    check("metrics: agree with health", value(families, "brigwatch_hooks_attached") == len(root["hooks"]) and
          value(families, "brigwatch_pins_intact") == root["pins"]["expected"] and
          value(families, "brigwatch_rules_loaded") == root["rules"]["loaded"] and
          value(families, "brigwatch_healthy") == 1)
    check("metrics: every rule has its series before it fires",
          len(families["brigwatch_alerts_total"].samples) == root["rules"]["loaded"])
    check("metrics: requests are counted", value(families, "brigwatch_http_requests_total", code="404") >= 3)
    check_process(agent)
    check_probe(agent)

    check("stop: the agent ends well", agent.stop() == 0)
    check("stop: the socket goes with it", not os.path.exists(SOCKET) and health()[0] == 2)
    for options, env, want, exit_code in (
            (["--listen", "0.0.0.0:19111"], {}, "--listen-any allows it", 2),
            (["--listen", "[::]:19111"], {"POD_IP": "::"}, "--listen-any allows it", 2),
            (["--listen", "localhost:19111"], {}, "not ADDRESS:PORT", 2),
            (["--listen", "127.0.0.1"], {}, "not ADDRESS:PORT", 2),
            (["--listen", "192.0.2.7:19111"], {"POD_IP": "192.0.2.7"}, "cannot listen on 192.0.2.7:19111", 5),
            (["--metrics-file", "/nonexistent/b.prom"], {}, "cannot write /nonexistent/b.prom", 5)):
        agent = Agent(*options, env=env)
        code = agent.process.wait(20)
        check(f"{' '.join(options)} {env or ''}: refused, and why", code == exit_code and agent.said(want),
              (code, open(agent.messages).read()))
