# SPDX-License-Identifier: Apache-2.0
"""What makes an agent unhealthy, done for real to the test's own: each is told, and passes."""
import http.server, os, re, shutil, signal, threading

from lib import *

CLOSER = BUILD + "/health/closer"
ACTOR = BUILD + "/robust/actor"
THIEF = BUILD + "/robust/ring_thief"


def becomes(name, code, seconds=20):
    """Health gives this reason; exit code and words of the command agree."""
    found = wait_for(seconds, lambda: code in codes())
    result, out = health()
    reason = next((r for r in state().get("reasons", []) if r["code"] == code), None)
    return check(name, found and result == 1 and out.startswith("unhealthy") and reason and reason["what"] in out and
                 reason["advice"] in out, (codes(), out))


def passes(name, code, seconds=20):
    check(name, wait_for(seconds, lambda: code not in codes()), health())


def links(agent):
    """Descriptor -> name of the program, of each link that the sensor holds."""
    found = {}
    for fd in os.listdir(f"/proc/{agent.pid}/fd"):
        try:
            info = open(f"/proc/{agent.pid}/fdinfo/{fd}").read()
        except OSError:
            continue
        prog = re.search(r"^link_id:.*?^prog_id:\s*(\d+)", info, re.S | re.M)
        if prog:
            found[int(fd)] = command("bpftool", "-j", "prog", "show", "id", prog[1]).stdout
    return found


def lose_pins(agent):
    top = "/sys/fs/bpf/brigwatch"
    pins = f"{top}/{os.listdir(top)[0]}"
    os.unlink(f"{pins}/link_tp_btf__sys_exit")
    os.unlink(f"{pins}/map_books")
    becomes("two pins that are taken away: unhealthy within 12 s", "pins_taken", 12)
    root = state()
    check("and they are put back", os.path.exists(f"{pins}/map_books") and root["pins"]["restored"] == 2, root["pins"])
    check("but live and ready", health("--live")[0] == 0 and health("--ready")[0] == 0)
    check("/healthz answers 503, /readyz 200", get("/healthz")[0] == 503 and get("/readyz")[0] == 200)


def stop_engine(agent):
    engine = agent.child("brigwatch-engin")
    top = "/sys/fs/bpf/brigwatch"
    pins = f"{top}/{os.listdir(top)[0]}"
    os.kill(engine, signal.SIGSTOP)
    begin = time.time()
    becomes("an engine that is stopped: unhealthy", "engine_stalled", 9)
    check("after 5 to 8 s", 4.5 < time.time() - begin < 8.5, time.time() - begin)
    check("neither live nor ready: exit 1", health("--live")[0] == 1 and health("--ready")[0] == 1)
    code, _, body = get("/livez")
    check("/livez answers 503 and why", code == 503 and "engine_stalled" in body, (code, body))
    # Somebody with rights over BPF empties the ring meanwhile: the canaries of these seconds are gone.
    stolen = command(THIEF, f"{pins}/map_ring_urgent", "100").stdout
    os.kill(engine, signal.SIGCONT)
    passes("when it goes on: live again", "engine_stalled", 3)
    # No record need follow on that processor: the books have more than came.
    becomes(f"the ring was emptied ({stolen.strip()}): losses are told", "losses", 12)
    root = state()
    check("as unexplained, in the books too", root["losses"]["unexplained"] >= 1 and
          root["losses"]["total"] == root["losses"]["unexplained"] and
          root["books"]["received"] + root["losses"]["unexplained"] == root["books"]["delivered"],
          (root["losses"], root["books"]))
    text = get("/metrics")[2]
    check("and in the metrics", f'events_lost_total{{reason="unexplained"}} {root["losses"]["unexplained"]}' in text)


def bundle(*args):
    """A container of the host's pid namespace that may look at other processes."""
    os.makedirs(DIR + "/bundle/rootfs/proc", exist_ok=True)
    os.makedirs(DIR + "/bundle/rootfs/dev", exist_ok=True)
    shutil.copy(ACTOR, DIR + "/bundle/rootfs/actor")
    caps = {kind: ["CAP_SYS_PTRACE"] for kind in ("bounding", "effective", "permitted")}
    config = {"ociVersion": "1.0.2", "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": "/",
                                                 "args": ["/actor", *args], "env": ["PATH=/"], "capabilities": caps},
              "root": {"path": "rootfs", "readonly": True},
              "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                         {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}],
              "linux": {"namespaces": [{"type": kind} for kind in ("mount", "ipc", "uts", "network")]}}
    with open(DIR + "/bundle/config.json", "w") as file:
        json.dump(config, file)
    return DIR + "/bundle"


def flood(agent):
    """A container that opens what is not its own, again and again, while nobody reads."""
    engine = agent.child("brigwatch-engin")
    name = f"bwh-{os.getpid()}"
    os.makedirs(DIR + "/outside", exist_ok=True)
    decoy = subprocess.Popen(["sleep", "60"])
    os.kill(engine, signal.SIGSTOP)
    done = command("runc", "run", "--bundle", bundle("flood", f"/proc/{decoy.pid}/root{DIR}/outside/", "1"), name, timeout=60)
    decoy.kill()
    decoy.wait()
    os.kill(engine, signal.SIGCONT)
    read = wait_for(10, lambda: (books := state().get("books", {})).get("seen", 0) > 1000 and
                    books["received"] == books["delivered"])
    root = state()
    mine = [c for c in root["containers"]["list"] if c["id"] == name]
    check("a container that floods: its records and what was suppressed are in its own books",
          done.returncode == 0 and read and mine and mine[0]["suppressed"] > 100 and mine[0]["received"] > 10,
          (done.stderr, root["containers"]))
    of = root["containers"]
    check("and the books still add up", sum(c["received"] for c in of["list"]) + of["host_received"] +
          of["other_received"] == root["books"]["received"] and
          sum(c["suppressed"] for c in of["list"]) + of["other_suppressed"] == root["books"]["suppressed"], of)
    check("that is its own loss, not the agent's", root["losses"]["dropped"] == 0, root["losses"])
    check("health names it", re.search(rf"suppressed +\d+ of {name[:12]}", health()[1]), health()[1])
    text = get("/metrics")[2]
    check("metrics do not", name not in text and "brigwatch_suppressed_containers 1" in text)


def samples(name):
    """The values of a metric, by sink."""
    rows = re.findall(rf'^brigwatch_{name}{{sink="([^"]*)",kind="[a-z]*"}} (\S+)$', get("/metrics")[2], re.M)
    return {sink: float(value) for sink, value in rows}


class Receiver(http.server.BaseHTTPRequestHandler):
    n = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.n += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def dead_output():
    """Alerts came with the flood, and nobody listens where they are to go."""
    becomes("an output that nobody listens to: unhealthy", "output_failing", 8)
    up = samples("output_up")
    check("three outputs, two of the same name: each has its series", len(up) == 3 and up.pop("web") == 0 and
          set(up.values()) == {1}, up)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT + 2), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    passes("somebody listens: that passes", "output_failing", 8)
    wait_for(20, lambda: samples("output_queue_records")["web"] == 0)
    values = {name: samples(f"output_{name}_total")["web"] for name in ("accepted", "written", "failed", "retries", "dropped")}
    check("all that was accepted was written, and that came",
          values["accepted"] == values["written"] == Receiver.n > 0 and not values["failed"] and values["retries"] > 0,
          (values, Receiver.n))
    output = [o for o in state()["outputs"] if o["sink"] == "web"][0]
    check("health says the same, and people can read it", output["up"] and output["written"] == Receiver.n and
          re.search(r"web \(http\): up, \d+ written, 0 wait", health()[1]), (output, health()[1]))
    server.shutdown()
    server.server_close()


def refuse_rules(agent, rules):
    with open(rules + "/broken.json", "w") as file:
        file.write("{ no rules")
    os.kill(agent.pid, signal.SIGHUP)
    becomes("new rules that are wrong: unhealthy", "rules_refused", 8)
    os.unlink(rules + "/broken.json")
    os.kill(agent.pid, signal.SIGHUP)
    passes("mended: that passes", "rules_refused", 8)


def detach(agent):
    """Root closes the descriptor of a link in the sensor, and takes its pin away."""
    top = "/sys/fs/bpf/brigwatch"
    pins = f"{top}/{os.listdir(top)[0]}"
    held = {fd: json.loads(text)["name"] for fd, text in links(agent).items() if text}
    names = ("tp_btf__cap_capable", "tp_btf__sys_exit")
    for name in names:
        fd = next((fd for fd, have in held.items() if have == name[:15] or have == name), None)
        if not check(f"{name}: the sensor holds its link", fd is not None, held):
            continue
        os.unlink(f"{pins}/link_{name}")
        # 2: it is at work, not waiting; 3: it has closed it meanwhile.
        done = wait_for(5, lambda: (d := command(CLOSER, agent.pid, fd)).returncode != 2 and d)
        check(f"{name}: root detaches it", done and done.returncode == 0, done)
    for name in names:
        hook = name.replace("tp_btf__", "")
        seen = wait_for(13, lambda: any(h["hook"].endswith(hook) and not h["attached"] for h in state().get("hooks", [])))
        code, out = health()
        check(f"{name}: unhealthy, by name", seen and code == 1 and "hook_detached" in codes() and
              re.search(rf"hook \S*{hook} is not attached", out), out)
    check("a hook that nothing works without: not ready, but live", health("--ready")[0] == 1 and
          health("--live")[0] == 0 and get("/readyz")[0] == 503, health())
    check("and the canary tells it, too", wait_for(15, lambda: {"canary_missed", "canary_late"} & codes()), codes())


def run():
    rules = DIR + "/rules"
    shutil.copytree(TOP + "/rules", rules)
    agent = Agent("--output", f"http://127.0.0.1:{PORT + 2}/a,name=web,retry_max=500ms", "--output",
                  f"file:{DIR}/other,name=web", rules=rules)
    check("an agent that is well", wait_for(15, lambda: health()[0] == 0), health())
    flood(agent)
    dead_output()
    lose_pins(agent)
    refuse_rules(agent, rules)
    stop_engine(agent)
    detach(agent)
    check("it ends all the same", agent.stop() is not None)
