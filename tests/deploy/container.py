# SPDX-License-Identifier: Apache-2.0
"""The image started as the DaemonSet would start it: it must see a neighbour attack, and
not itself. And the installed program with the rights of the unit."""
import json, os, re, shutil, socket, subprocess, time

import image, kustomize, pods
from lib import DIR, TOP, check, command


def bind(source, target, *options):
    return {"destination": target, "type": "bind", "source": source, "options": ["rbind", *options]}


def bundle(name, args, mounts=(), namespaces=None, hooks=None):
    """An ordinary neighbour in DIR/NAME; `namespaces` are those of another container, as
    {type: path}."""
    path, namespaces = f"{DIR}/{name}", namespaces or {}
    os.makedirs(f"{path}/rootfs", exist_ok=True)
    config = {
        "ociVersion": "1.0.2", "root": {"path": "rootfs", "readonly": True}, "hostname": name,
        "process": {"user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/", "noNewPrivileges": True,
                    "env": ["PATH=/bin:/usr/bin"]},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                   {"destination": "/sys", "type": "sysfs", "source": "sysfs",
                    "options": ["nosuid", "noexec", "nodev", "ro"]},
                   {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
                   *mounts],
        "linux": {"namespaces": [{"type": t, **({"path": namespaces[t]} if t in namespaces else {})}
                                 for t in ("mount", "ipc", "uts", "network", "pid")],
                  "maskedPaths": pods.MASKED, "readonlyPaths": pods.READ_ONLY, "seccomp": pods.runtime_default([])},
    }
    if hooks:
        config["hooks"] = hooks
    with open(f"{path}/config.json", "w") as f:
        json.dump(config, f)
    return path


def box(name, script, mounts=(), **more):
    path = bundle(name, ["/bin/busybox", "sh", "-c", script], mounts, **more)
    os.makedirs(f"{path}/rootfs/bin", exist_ok=True)
    shutil.copy("/bin/busybox", f"{path}/rootfs/bin/busybox")
    for m in mounts:
        os.makedirs(f"{path}/rootfs{m['destination']}", exist_ok=True)
    for tool in ("sh", "sleep", "cat"):
        if not os.path.lexists(f"{path}/rootfs/bin/{tool}"):
            os.symlink("busybox", f"{path}/rootfs/bin/{tool}")
    return path


def run_box(name, path):
    return subprocess.run(["runc", "run", "--bundle", path, name], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30)


def until(test, seconds=20):
    end = time.time() + seconds
    while not test():
        if time.time() > end:
            return False
        time.sleep(0.5)
    return True


class Agent:
    """A container NAME of the image, started by runc with what pods.py made of the manifest."""
    def __init__(self, name, config):
        self.name = name
        path = f"{DIR}/{name}"
        root = f"{path}/rootfs"
        if not os.path.exists(root):
            os.makedirs(path)
            command("cp", "-a", image.tree, root, check=True)
            # Only for the process that is smuggled in.
            shutil.copy("/bin/busybox", f"{root}/busybox")
        for mount in config["mounts"]:
            target, source = root + mount["destination"], mount["source"]
            if os.path.isfile(source):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                open(target, "a").close()
            else:
                os.makedirs(target, exist_ok=True)
        with open(f"{path}/config.json", "w") as f:
            json.dump(config, f)
        self.out, self.err = open(f"{DIR}/{name}.out", "w+"), open(f"{DIR}/{name}.err", "w+")
        self.process = subprocess.Popen(["runc", "run", "--bundle", path, name], stdin=subprocess.DEVNULL,
                                        stdout=self.out, stderr=self.err)
        end = time.time() + 40
        while time.time() < end and self.process.poll() is None and "watching with" not in self.messages():
            time.sleep(0.2)
        self.started = "watching with" in self.messages()
        if self.started:
            time.sleep(1)

    def messages(self):
        return open(f"{DIR}/{self.name}.err").read()

    def alerts(self):
        return [json.loads(line) for line in open(f"{DIR}/{self.name}.out") if line.endswith("\n") and line.strip()]

    def wait(self, test, seconds=6):
        end = time.time() + seconds
        while time.time() < end:
            found = [a for a in self.alerts() if test(a)]
            if found:
                return found
            time.sleep(0.2)
        return []

    def stop(self):
        subprocess.run(["runc", "kill", self.name, "TERM"], capture_output=True)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            subprocess.run(["runc", "kill", self.name, "KILL"], capture_output=True)
            self.process.wait(10)
        subprocess.run(["runc", "delete", "-f", self.name], capture_output=True)


def act(agent, title):
    tag = agent.name
    decoys = f"{DIR}/decoy"
    os.makedirs(decoys, exist_ok=True)
    runc = f"{decoys}/runc"

    def upgrade():
        shutil.copy(shutil.which("runc"), runc + ".new")
        os.rename(runc + ".new", runc)
        subprocess.run([runc, "--version"], capture_output=True)

    def attack(name, **more):
        path = box(name, "echo >>/decoy/runc", [bind(decoys, "/decoy", "rw")], **more)
        run_box(name, path)
        return agent.wait(lambda a: a["rule_id"] == "BW-0101" and a["container"]["id"] == name)

    upgrade()
    check(f"{title}: a neighbour that writes to a runtime is told, by its id", attack(f"{tag}-evil"),
          agent.messages() + json.dumps(agent.alerts())[:1500])
    check(f"{title}: alerts bear the name of the node, not of the pod",
          {a["hostname"] for a in agent.alerts()} == {pods.NODE}, agent.alerts()[:1])
    upgrade()
    check(f"{title}: so is one after the runtime was upgraded", attack(f"{tag}-evil2"))
    # One pod: the pid and network namespaces of a first container.
    first = subprocess.Popen(["runc", "run", "--bundle", box(f"{tag}-first", "sleep 20"), f"{tag}-first"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = 0
    for _ in range(50):
        state = subprocess.run(["runc", "state", f"{tag}-first"], capture_output=True, text=True).stdout
        pid = json.loads(state)["pid"] if state and json.loads(state)["status"] == "running" else 0
        if pid:
            break
        time.sleep(0.1)
    upgrade()
    check(f"{title}: a neighbour in one pod is told by its own id",
          pid and attack(f"{tag}-second", namespaces={t: f"/proc/{pid}/ns/{n}" for t, n in
                                                      (("pid", "pid"), ("network", "net"), ("ipc", "ipc"))}))
    subprocess.run(["runc", "delete", "-f", f"{tag}-first"], capture_output=True)
    first.wait(10)
    time.sleep(1)
    before = len(agent.alerts())
    hook = {"createContainer": [{"path": "/bin/busybox", "args": ["busybox", "true"]}]}
    path = box(f"{tag}-hook", "cat /proc/self/status >/dev/null", hooks=hook)
    result = run_box(f"{tag}-hook", path)
    time.sleep(1)
    check(f"{title}: a harmless container with a createContainer hook is not told",
          result.returncode == 0 and len(agent.alerts()) == before,
          result.stderr + json.dumps(agent.alerts()[before:])[:1500])
    own = [a for a in agent.alerts() if a["container"]["id"] == tag]
    check(f"{title}: nothing is told of the agent's own doings", not own,
          "".join(a["rule_id"] + " " + a["message"] + "\n" for a in own)[:1500])
    # Refused, as /host is read-only. Tried is tried; but where a kernel has no hook that
    # shows the object of a refused open, it is looked up while the process lives.
    smuggled = subprocess.run(["runc", "exec", "--user", "0:0", tag, "/busybox", "sh", "-c",
                               f"echo >>/host{runc}; sleep 1"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    check(f"{title}: a process smuggled into its container is told", agent.wait(
        lambda a: a["container"]["id"] == tag and a["process"]["name"] == "busybox"),
        smuggled.stderr + smuggled.stdout + agent.messages())
    upgrade()
    check(f"{title}: a hook does not hide what its container does", attack(f"{tag}-evil3", hooks=hook))


def expand(words):
    """System calls of systemd's groups."""
    calls = set()
    for word in words:
        if word.startswith("@"):
            text = command("systemd-analyze", "syscall-filter", word, check=True).stdout
            lines = [line.strip() for line in text.splitlines()[1:]]
            calls |= expand(line for line in lines if line and line[0] != "#")
        else:
            calls.add(word)
    return calls


NOTIFY = f"/run/brigwatch/notify-{os.getpid()}"
STATE, PINS = "/run/brigwatch", "/sys/fs/bpf/brigwatch"


class Node:
    """The host directories of the manifest, as they were before at the end."""
    def __enter__(self):
        self.before = {d: os.stat(d) if os.path.isdir(d) else None for d in (STATE, PINS)}
        return self

    def __exit__(self, *_):
        for path, st in self.before.items():
            if st:
                command("chown", "-R", f"{st.st_uid}:{st.st_gid}", path)
            else:
                shutil.rmtree(path, ignore_errors=True)


def pod_of(place):
    objects = kustomize.build(f"{TOP}/deploy/kubernetes/{place}")
    return objects, next(o for o in objects if o["kind"] == "DaemonSet")["spec"]["template"]["spec"]


def wait_for(told, words):
    """All of `words` came, each as a line of a datagram, in any order; empties the set."""
    try:
        while words:
            words -= set(told.recv(4096).decode().split("\n"))
    except TimeoutError:
        return False
    return True


def as_the_unit():
    """The unit's capabilities and system call filter, without systemd to apply them."""
    text = re.sub(r"\\\n", " ", open(f"{TOP}/deploy/systemd/brigwatch.service").read())
    lines = {k: re.findall(rf"(?m)^{k}=(.*)$", text) for k in ("CapabilityBoundingSet", "SystemCallFilter")}
    allowed = set()
    for line in lines["SystemCallFilter"]:
        if line[0] == "~":
            allowed -= expand(line[1:].split())
        else:
            allowed |= expand(line.split())
    objects, pod = pod_of("base")
    config = pods.configuration(pod["containers"][0], pod, objects, image.config, DIR)
    config["process"]["capabilities"] = {k: lines["CapabilityBoundingSet"][0].split()
                                         for k in ("bounding", "effective", "permitted")}
    config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
                                  "syscalls": [{"names": sorted(allowed), "action": "SCMP_ACT_ALLOW"}]}
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(NOTIFY)
    told.settimeout(20)
    # Pings every half of this; systemd would have the unit's.
    config["process"]["env"] += [f"NOTIFY_SOCKET={NOTIFY}", "WATCHDOG_USEC=2000000"]
    agent = Agent("agent-unit", config)
    title = "the unit's capabilities and system calls"
    words = {"READY=1"} if "Type=notify\n" in text else set()
    words |= {"WATCHDOG=1"} if "WatchdogSec=" in text else set()
    try:
        if check(f"{title}: it starts", agent.started, agent.messages()):
            check(f"{title}: systemd is told what the unit waits for", wait_for(told, words), words)
            decoy = f"{DIR}/unit-decoy"
            os.makedirs(decoy)
            shutil.copy(shutil.which("runc"), f"{decoy}/runc")
            command(f"{decoy}/runc", "--version")
            run_box("unit-evil", box("unit-evil", "echo >>/decoy/runc", [bind(decoy, "/decoy", "rw")]))
            check(f"{title}: it sees and names", agent.wait(
                lambda a: a["rule_id"] == "BW-0101" and a["container"]["id"] == "unit-evil"), agent.messages())
    finally:
        agent.stop()
        told.close()
        os.remove(NOTIFY)
    check(f"{title}: it ends by itself", agent.process.returncode == 0, agent.messages()[-1500:])


def as_a_pod(place, name, title):
    objects, pod = pod_of(place)
    for first in pod.get("initContainers", []):
        done = Agent(f"{name}-{first['name']}", pods.configuration(first, pod, objects, image.config, DIR))
        done.process.wait(20)
        check(f"{title}: the container {first['name']} does its work", done.process.returncode == 0, done.messages())
        command("runc", "delete", "-f", done.name)
    agent = Agent(name, pods.configuration(pod["containers"][0], pod, objects, image.config, DIR))
    try:
        if check(f"{title}: it starts", agent.started, agent.messages()):
            user = command("runc", "exec", name, "/busybox", "id", "-u").stdout.strip()
            check(f"{title}: as the user of the manifest", user == str(pod["containers"][0]["securityContext"]["runAsUser"]), user)
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                asked = pod["containers"][0][probe]["exec"]["command"]
                check(f"{title}: its {probe} finds it well",
                      until(lambda: command("runc", "exec", name, *asked).returncode == 0),
                      command("runc", "exec", name, *asked).stdout)
            refused = command("runc", "exec", "--user", "0:0", name, "/busybox", "touch", f"/host{STATE}-written",
                              f"/host{DIR}/written", "/written")
            check(f"{title}: root in it can write neither to the host nor to the image",
                  refused.stderr.count("Read-only file system") == 3, refused.stderr)
            act(agent, title)
    finally:
        agent.stop()
    check(f"{title}: it ends by itself and leaves no pins", agent.process.returncode == 0 and not os.listdir(PINS),
          f"code {agent.process.returncode}, {os.listdir(PINS)}: {agent.messages()[-1500:]}")


def under_an_old_profile():
    """CRI-O and podman have long had a profile that refuses bpf() with CAP_BPF, too."""
    objects, pod = pod_of("base")
    [agent] = pod["containers"]
    refused = Agent("agent-old", pods.configuration(agent, pod, objects, image.config, DIR, with_bpf=False))
    refused.stop()
    check("a profile that refuses bpf(): the agent ends with its reason, and the way out",
          refused.process.returncode in (3, 4) and "seccomp" in refused.messages(),
          f"code {refused.process.returncode}: {refused.messages()}")
    objects, pod = pod_of("overlays/unconfined")
    [agent] = pod["containers"]
    config = pods.configuration(agent, pod, objects, image.config, DIR, with_bpf=False)
    agent = Agent("agent-unconfined", config)
    agent.stop()
    check("overlays/unconfined: it starts there", agent.started, agent.messages())


def with_metrics():
    """The pod's address answers, and no other: an address of its own network namespace."""
    objects, pod = pod_of("overlays/metrics")
    [container] = pod["containers"]
    config = pods.configuration(container, pod, objects, image.config, DIR)
    command("ip", "netns", "add", "brigwatch-test")
    try:
        for args in (["link", "set", "lo", "up"], ["address", "add", f"{pods.POD_IP}/32", "dev", "lo"]):
            command("ip", "-n", "brigwatch-test", *args, check=True)
        for namespace in config["linux"]["namespaces"]:
            if namespace["type"] == "network":
                namespace["path"] = "/run/netns/brigwatch-test"
        agent = Agent("agent-metrics", config)
        try:
            port = container["ports"][0]["containerPort"]
            script = f"import urllib.request as u; print(u.urlopen('http://{pods.POD_IP}:{port}/metrics', timeout=5).read().decode())"
            def ask():
                return command("ip", "netns", "exec", "brigwatch-test", "/usr/bin/python3", "-c", script)
            check("overlays/metrics: Prometheus is answered on the pod's address",
                  until(lambda: "\nbrigwatch_ready 1\n" in ask().stdout), ask().stderr[-300:] + agent.messages())
        finally:
            agent.stop()
    finally:
        command("ip", "netns", "delete", "brigwatch-test")


def run():
    if not image.config:
        image.unpack(image.build()[0])
    with Node():
        os.makedirs(STATE, exist_ok=True)
        as_the_unit()
        under_an_old_profile()
        with_metrics()
    for place, name, title in (("base", "agent-root", "default pod"), ("overlays/nonroot", "agent-user", "non-root pod")):
        with Node():
            as_a_pod(place, name, title)
