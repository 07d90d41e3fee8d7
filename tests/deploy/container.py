# SPDX-License-Identifier: Apache-2.0
"""The agent in a container, with the security options of deploy/kubernetes: it must
see a neighbour attack, and not itself."""
import json, os, re, shutil, subprocess, time

from lib import DIR, TOP, check, command

BRIGWATCH, RULES = f"{TOP}/build/brigwatch", f"{TOP}/rules"
CAPS = ["CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"]
# What Docker's and containerd's default profile refuses without CAP_SYS_ADMIN and
# the like, and what of it matters here: everything that the agent could be tempted by.
REFUSED = """mount umount2 pivot_root setns unshare swapon swapoff reboot init_module finit_module
delete_module kexec_load open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
userfaultfd acct quotactl sethostname setdomainname settimeofday clock_settime keyctl add_key
request_key lookup_dcookie iopl ioperm vhangup""".split()


def bind(source, target, *options):
    return {"destination": target, "type": "bind", "source": source, "options": ["rbind", *options]}


def bundle(name, args, mounts=(), caps=(), host_pid=False, uid=0, no_new_privs=True, readonly=True,
           namespaces=(), hooks=None, seccomp=None):
    """A bundle in DIR/NAME; `namespaces` are those of another container, as {type: path}."""
    path = f"{DIR}/{name}"
    os.makedirs(f"{path}/rootfs", exist_ok=True)
    own = ["mount", "ipc", "uts", "network"] + ([] if host_pid else ["pid"])
    config = {
        "ociVersion": "1.0.2", "root": {"path": "rootfs", "readonly": readonly}, "hostname": name,
        "process": {"user": {"uid": uid, "gid": uid}, "args": args, "cwd": "/", "noNewPrivileges": no_new_privs,
                    "env": ["PATH=/bin:/usr/bin"],
                    "capabilities": {k: list(caps) for k in
                                     (("bounding",) if uid else ("bounding", "effective", "permitted"))}},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                   {"destination": "/sys", "type": "sysfs", "source": "sysfs",
                    "options": ["nosuid", "noexec", "nodev", "ro"]},
                   {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
                   *mounts],
        "linux": {"namespaces": [{"type": t, **({"path": namespaces[t]} if t in namespaces else {})} for t in own],
                  "maskedPaths": ["/proc/kcore", "/proc/keys"], "readonlyPaths": ["/proc/sys"],
                  "seccomp": seccomp or {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                                         "syscalls": [{"names": REFUSED, "action": "SCMP_ACT_ERRNO"}]}},
    }
    if hooks:
        config["hooks"] = hooks
    with open(f"{path}/config.json", "w") as f:
        json.dump(config, f)
    return path


def install(root, program):
    """program and the libraries that it is linked with"""
    out = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    files = [w for line in out.splitlines() for w in line.split() if w.startswith("/")]
    os.makedirs(f"{root}/usr/bin", exist_ok=True)
    shutil.copy(program, f"{root}/usr/bin/brigwatch")
    for f in files:
        os.makedirs(root + os.path.dirname(f), exist_ok=True)
        shutil.copy(f, root + f)


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


class Agent:
    def __init__(self, name, uid=0, caps=CAPS, seccomp=None):
        state, pins = f"{DIR}/{name}.state", f"/sys/fs/bpf/deploy-{name}"
        os.makedirs(state)
        os.makedirs(pins)
        os.chown(state, uid, uid)
        os.chown(pins, uid, uid)
        self.name, self.pins = name, pins
        path = bundle(name, ["/usr/bin/brigwatch", "run", "--rules", "/rules", "--format", "json", "--host-root",
                             "/host", "--run-dir", "/run/brigwatch"],
                      [bind(state, "/run/brigwatch", "rw"), bind(pins, "/sys/fs/bpf", "rw"),
                       bind("/", "/host", "ro", "rslave"), bind(RULES, "/rules", "ro")],
                      caps, host_pid=True, uid=uid, no_new_privs=not uid, seccomp=seccomp)
        root = f"{path}/rootfs"
        install(root, BRIGWATCH)
        for d in ("run/brigwatch", "host", "rules", "proc", "sys", "dev"):
            os.makedirs(f"{root}/{d}", exist_ok=True)
        shutil.copy("/bin/busybox", f"{root}/busybox")
        if uid:
            subprocess.run(["setcap", ",".join(CAPS).lower() + "=ep", f"{root}/usr/bin/brigwatch"], check=True)
        self.out, self.err = open(f"{DIR}/{name}.out", "w+"), open(f"{DIR}/{name}.err", "w+")
        self.process = subprocess.Popen(["runc", "run", "--bundle", path, name], stdin=subprocess.DEVNULL,
                                        stdout=self.out, stderr=self.err)
        end = time.time() + 40
        while time.time() < end and self.process.poll() is None and "watching with" not in self.messages():
            time.sleep(0.2)
        self.started = "watching with" in self.messages()
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
        shutil.rmtree(self.pins, ignore_errors=True)


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


def under_the_unit():
    """The unit's capabilities and system call filter, without systemd to apply them."""
    text = re.sub(r"\\\n", " ", open(f"{TOP}/deploy/systemd/brigwatch.service").read())
    lines = {k: re.findall(rf"(?m)^{k}=(.*)$", text) for k in ("CapabilityBoundingSet", "SystemCallFilter")}
    allowed = set()
    for line in lines["SystemCallFilter"]:
        if line[0] == "~":
            allowed -= expand(line[1:].split())
        else:
            allowed |= expand(line.split())
    agent = Agent("agent-unit", caps=lines["CapabilityBoundingSet"][0].split(), seccomp={
        "defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
        # What runc itself does between the filter and the exec, and systemd before the filter.
        "syscalls": [{"names": sorted(allowed), "action": "SCMP_ACT_ALLOW"}]})
    title = "the unit's capabilities and system calls"
    try:
        if check(f"{title}: it starts", agent.started, agent.messages()):
            decoy = f"{DIR}/unit-decoy"
            os.makedirs(decoy)
            shutil.copy(shutil.which("runc"), f"{decoy}/runc")
            command(f"{decoy}/runc", "--version")
            run_box("unit-evil", box("unit-evil", "echo >>/decoy/runc", [bind(decoy, "/decoy", "rw")]))
            check(f"{title}: it sees and names", agent.wait(
                lambda a: a["rule_id"] == "BW-0101" and a["container"]["id"] == "unit-evil"), agent.messages())
    finally:
        agent.stop()
    check(f"{title}: it ends by itself", agent.process.returncode == 0, agent.messages()[-1500:])


def run():
    under_the_unit()
    for name, uid, title in (("agent-root", 0, "root with four capabilities"),
                             ("agent-user", 65532, "non-root with file capabilities")):
        agent = Agent(name, uid)
        try:
            check(f"{title}: it starts", agent.started, agent.messages())
            if agent.started:
                act(agent, title)
        finally:
            agent.stop()
        check(f"{title}: it ends by itself and leaves no pins", agent.process.returncode == 0,
              f"code {agent.process.returncode}: {agent.messages()[-1500:]}")
