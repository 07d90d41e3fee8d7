# SPDX-License-Identifier: Apache-2.0
"""The stage of the attribution tests: the agent, four runtimes, a decoy. Everything
lies below DIR, every wait has a deadline, only what was started here is ended."""
import json, os, shutil, signal, subprocess, tempfile, time

DIR = tempfile.mkdtemp(prefix="brigwatch-attribution.")
TAG = "bwa" + DIR.rsplit(".", 1)[1].lower().replace("_", "0")
ROOTFS = f"{DIR}/rootfs"
V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
passed = failed = skipped = 0


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok' if good else 'not ok'} - {name}" + (f": {detail}" if not good and detail else ""), flush=True)
    return bool(good)


def skip(name, why):
    global skipped
    skipped += 1
    print(f"skip - {name}: {why}", flush=True)


def call(*argv, timeout=60, **more):
    """The finished process; never raises for what it did. 124: it took too long."""
    more = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, **more}
    try:
        return subprocess.run(argv, timeout=timeout, **more)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 124, "", "took too long")


def wait_for(seconds, test):
    end = time.monotonic() + seconds
    while True:
        found = test()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.05)


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


def start(*argv, log="log", **more):
    with open(f"{DIR}/{log}", "a") as out:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more)


def end(process, seconds=15):
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


class Agent:
    def __init__(self, brigwatch, rules, *options):
        number = len([f for f in os.listdir(DIR) if f.startswith("agent")])
        self.file, self.log = f"{DIR}/alerts{number}.json", f"agent{number}"
        open(self.file, "w").close()
        self.process = start(brigwatch, "run", "--rules", rules, "--format", "json", "--output", self.file, *options,
                             log=self.log)
        self.started = wait_for(20, lambda: ": watching with" in self.messages() or self.process.poll() is not None) \
            and self.process.poll() is None

    def messages(self):
        return read(f"{DIR}/{self.log}")

    def alerts(self):
        return [json.loads(line) for line in read(self.file).splitlines(True) if line.endswith("\n")]

    def of(self, marker, seconds=4):
        """Alerts on the decoy file of that name; waits for the first."""
        def found():
            return [a for a in self.alerts() if ((a.get("file") or {}).get("path") or "").endswith("/" + marker)]
        return wait_for(seconds, found) or []

    def contradictions(self, container=None, kind=None, seconds=0):
        def found():
            return [a for a in self.alerts() if a["event"]["type"] == "identity"
                    and (container is None or a["container"]["id"] == container)
                    and (kind is None or a["identity"]["identity.kind"] == kind)]
        return wait_for(seconds, found) or []

    def stop(self):
        end(self.process)


CAPS = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
    SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP""".split()
OWN = int(next(line for line in read("/proc/self/status").splitlines() if line.startswith("CapBnd")).split()[1], 16)
OWN_CAPS = ["CAP_" + name for i, name in enumerate(CAPS) if OWN >> i & 1]   # a test's own machine may lack some


# ---- the runtimes. Each has run(name, args, ...): it runs to its end; the true id or None.

class Runc:
    """Or crun, which takes the same arguments."""

    def __init__(self, program="runc", folder=None):
        self.name, self.base = program, [program]
        if program == "crun" and not V2:    # it refuses where both versions are mounted
            self.base = ["unshare", "--mount", "sh", "-c",
                         'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "sh", program]
        self.missing = "" if shutil.which(program) else f"no {program} here"
        self.folder = folder or f"{DIR}/bundles-{program}"

    def bundle(self, name, args, host_pid=True, cgroup=None, privileged=False, rootfs=ROOTFS, mounts=(), net=None,
               namespaces=None):
        caps = ["CAP_SYS_PTRACE"]
        if privileged:
            caps = OWN_CAPS
        if namespaces is None:
            namespaces = [{"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]
            namespaces += [] if host_pid else [{"type": "pid"}]
            if net != "caller":
                namespaces.append({"type": "network", **({"path": net} if net else {})})
        config = {
            "ociVersion": "1.0.2", "hostname": "box", "root": {"path": rootfs, "readonly": not privileged},
            "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": args,
                        "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TMPDIR=/tmp"],
                        "capabilities": {k: caps for k in ("bounding", "effective", "permitted")}},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                       {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                        "options": ["nosuid", "mode=755"]}, *mounts],
            "linux": {"namespaces": namespaces, **({"cgroupsPath": cgroup} if cgroup else {})},
        }
        if not privileged:
            config["linux"]["readonlyPaths"] = ["/proc/sys"]
        if privileged:
            config["linux"]["resources"] = {"devices": [{"allow": True, "access": "rwm"}]}
        path = f"{self.folder}/{name}"
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/config.json", "w") as f:
            json.dump(config, f)
        return path

    def run(self, name, args, ident=None, prefix=(), **more):
        done = call(*prefix, *self.base, "run", "--bundle", self.bundle(name, args, **more), ident or name)
        return ident or name, done

    def start(self, name, args, prefix=(), **more):
        done = call(*prefix, *self.base, "run", "-d", "--bundle", self.bundle(name, args, **more), name,
                    capture_output=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return done.returncode == 0

    def pid(self, name):
        state = call(*self.base, "state", name).stdout
        return json.loads(state)["pid"] if state else 0

    def left(self):
        """What was made here and is there still."""
        return [line.split()[0] for line in call(*self.base, "list").stdout.splitlines() if line.startswith(TAG)]

    def remove(self, *names):
        for name in names:
            call(*self.base, "delete", "-f", name)


class Docker:
    name = "docker"

    def __init__(self):
        self.sock = f"{DIR}/docker.sock"
        self.base = ["docker", "-H", f"unix://{self.sock}"]
        self.daemon, self.missing = None, ""

    def up(self):
        if not shutil.which("dockerd") or not shutil.which("docker"):
            self.missing = "no dockerd here"
            return
        self.daemon = start("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--data-root",
                            f"{DIR}/docker", "--exec-root", f"{DIR}/exec", "-p", f"{DIR}/dockerd.pid", "-H",
                            f"unix://{self.sock}", log="dockerd")
        if not wait_for(40, lambda: call(*self.base, "version").returncode == 0 or self.daemon.poll() is not None) \
                or self.daemon.poll() is not None:
            self.missing = "dockerd does not come up: " + read(f"{DIR}/dockerd")[-300:]
            return
        done = call("sh", "-c", f"tar -C {ROOTFS} -c . | {' '.join(self.base)} import - box")
        if done.returncode:
            self.missing = "docker import failed: " + done.stderr[-300:]

    def run(self, name, args, rm=True, options=()):
        cid = f"{DIR}/{name}.cid"
        done = call(*self.base, "run", *(["--rm"] if rm else []), "--name", name, "--cidfile", cid, "--network", "none",
                    "--pid", "host", "--cap-add", "SYS_PTRACE", *options, "box", *args)
        return read(cid), done

    def start(self, name, args, options=()):
        """Detached; its id."""
        return call(*self.base, "run", "-d", "--name", name, "--network", "none", "--pid", "host", "--cap-add",
                    "SYS_PTRACE", *options, "box", *args).stdout.strip()

    def pid(self, name):
        return int(call(*self.base, "inspect", "-f", "{{.State.Pid}}", name).stdout or 0)

    def down(self):
        if self.daemon and not self.missing:
            left = call(*self.base, "ps", "-aq").stdout.split()
            if left:
                call(*self.base, "rm", "-f", *left)
        end(self.daemon, 20)


class Containerd:
    """By ctr, of the containerd that dockerd started."""
    name = "containerd"

    def __init__(self, docker):
        self.docker, self.missing = docker, ""
        self.base = ["ctr", "-a", f"{DIR}/exec/containerd/containerd.sock", "-n", TAG]

    def up(self):
        if self.docker.missing:
            self.missing = self.docker.missing
        elif not shutil.which("ctr"):
            self.missing = "no ctr here"
        elif not os.path.exists(self.base[2]):
            self.missing = "dockerd uses a containerd of the machine's"

    def run(self, name, args, rm=True, **more):
        """By a configuration of our own: ctr cannot leave a container in the host's pid namespace."""
        config = Runc().bundle(name, args, cgroup=f"/{TAG}/{name}", **more) + "/config.json"
        done = call(*self.base, "run", *(["--rm"] if rm else []), "--config", config, name)
        return name, done

    def down(self):
        if self.missing:
            return
        for name in call(*self.base, "containers", "ls", "-q").stdout.split():
            call(*self.base, "tasks", "kill", "-s", "KILL", name)
            call(*self.base, "tasks", "rm", "-f", name)
            call(*self.base, "containers", "rm", name)


class Podman:
    name = "podman"

    def __init__(self):
        self.missing = ""
        self.base = ["podman", "--root", f"{DIR}/podman/root", "--runroot", f"{DIR}/podman/run", "--tmpdir",
                     f"{DIR}/podman/tmp", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]

    def up(self):
        if not shutil.which("podman"):
            self.missing = "no podman here"
            return
        done = call("sh", "-c", f"tar -C {ROOTFS} -c . | {' '.join(self.base)} import - localhost/box")
        if done.returncode:
            self.missing = "podman cannot import an image here: " + done.stderr[-300:]

    def run(self, name, args, rm=True, options=()):
        cid = f"{DIR}/{name}.cid"
        done = call(*self.base, "run", *(["--rm"] if rm else []), "--name", name, "--cidfile", cid, "--network", "none",
                    "--pid", "host", "--cap-add", "SYS_PTRACE", "--ulimit", "nofile=1024:1024", "--ulimit",
                    "nproc=4096:4096", *options, "localhost/box", *args)
        return read(cid), done

    def down(self):
        if not self.missing:
            call(*self.base, "rm", "-f", "-a", "-t", "0")
            call(*self.base, "rmi", "-f", "-a")


# ---- the rest of the stage

def bind(source, destination, mode="ro"):
    return {"destination": destination, "type": "bind", "source": source, "options": ["rbind", mode]}


# What an engine needs in a container: its programs, room for its state, cgroups to make.
ENGINE_MOUNTS = [
    bind("/usr", "/usr"),
    {"destination": "/run", "type": "tmpfs", "source": "tmpfs"},
    {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs"},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev"]},
]


# The hierarchy that containers are known by: version 2's where they are in one, else that of devices.
GROUP_TOP = next(d for d in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/devices", "/sys/fs/cgroup")
                 if os.path.isdir(d) or d == "/sys/fs/cgroup")


def group_of(pid):
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        if "devices" in names.split(",") if GROUP_TOP.endswith("/devices") else names == "":
            return path
    return "/"


def free_pid():
    top = int(read("/proc/sys/kernel/pid_max"))
    return next(p for p in range(min(top, 4000000) - 100, 300, -1) if not os.path.exists(f"/proc/{p}"))


GROUPS = ("docker", "kubepods", "libpod_parent", TAG)


def groups():
    """Cgroups at the top of each hierarchy that engines make and leave behind."""
    tops = ["/sys/fs/cgroup"] + [f"/sys/fs/cgroup/{d}" for d in os.listdir("/sys/fs/cgroup")
                                 if os.path.ismount(f"/sys/fs/cgroup/{d}")]
    return {f"{top}/{name}" for top in tops for name in GROUPS if os.path.isdir(f"{top}/{name}")}


def remove_groups(paths):
    for top in paths:
        for path, _, _ in os.walk(top, topdown=False):
            try:
                os.rmdir(path)
            except OSError:
                pass


def build(deed):
    for folder in ("rootfs/proc", "rootfs/dev", "rootfs/sys", "rootfs/tmp", "rootfs/group", "outside"):
        os.makedirs(f"{DIR}/{folder}")
    shutil.copy(deed, f"{ROOTFS}/deed")
    os.makedirs(f"{ROOTFS}/usr")
    for name in ("run", "b", "rootfs", "docker", "go"):
        os.makedirs(f"{ROOTFS}/{name}")
    for name in ("bin", "sbin", "lib", "lib64"):
        os.symlink(f"usr/{name}", f"{ROOTFS}/{name}")


def unmount():
    mounts = [line.split()[4] for line in read("/proc/self/mountinfo").splitlines()]
    for mount in reversed([m for m in mounts if m.startswith(DIR + "/")]):
        call("umount", "-l", mount)
