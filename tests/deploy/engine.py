# SPDX-License-Identifier: Apache-2.0
"""The image under Docker, as docs/kubernetes.md starts it without Kubernetes: an attack of
a neighbour is told by the name that the neighbour has in Docker."""
import json, os, re, shutil, subprocess, time

import image
from container import Node, PINS, STATE, until
from lib import DIR, TOP, check, command

SOCKET = f"unix://{DIR}/docker.sock"


def docker(*args):
    return command("docker", "-H", SOCKET, *args)


def options():
    """Of the command in the page, so that it is what was tried."""
    with open(f"{TOP}/docs/kubernetes.md") as f:
        text = re.search(r"podman run -d --name brigwatch (.*?)\n\n", f.read(), re.S)[1].replace("\\\n", " ")
    # systemd makes / shared; where nobody did, Docker refuses to follow its mounts.
    with open("/proc/self/mountinfo") as f:
        shared = any(l.split()[4] == "/" and " shared:" in l for l in f)
    words = [w if shared else w.replace(":ro,rslave", ":ro") for w in text.split()]
    # Docker takes one capability an option.
    at = words.index("--cap-add")
    words += ["--docker-root", f"{DIR}/docker"]
    return words[:at] + [w for c in words[at + 1].split(",") for w in ("--cap-add", c)] + words[at + 2:]


def under_docker(archive):
    done = docker("load", "-i", archive)
    check("docker: takes the image", done.returncode == 0 and "brigwatch:" in done.stdout, done.stdout + done.stderr)
    root = f"{DIR}/docker-root"
    os.makedirs(f"{root}/bin")
    shutil.copy("/bin/busybox", f"{root}/bin/busybox")
    os.symlink("busybox", f"{root}/bin/sh")
    command("sh", "-c", f"tar -C {root} -c . | docker -H {SOCKET} import - box")
    for path in (STATE, PINS):
        os.makedirs(path, exist_ok=True)
    done = docker("run", "-d", "--name", "brigwatch", *options())
    if "unknown capability" in done.stderr:
        # Debian's 20.10 does not know CAP_BPF: for such engines the page says SYS_ADMIN.
        older = [{"BPF": "SYS_ADMIN", "PERFMON": "SYS_ADMIN"}.get(w, w) for w in options()]
        docker("rm", "-f", "brigwatch")
        done = docker("run", "-d", "--name", "brigwatch", *older)
    if not check("docker: starts the agent as the page says", done.returncode == 0, done.stderr):
        return
    try:
        ready = until(lambda: docker("exec", "brigwatch", "/usr/bin/brigwatch", "health", "--ready").returncode == 0, 40)
        check("docker: the agent is ready", ready, docker("logs", "brigwatch").stderr[-1500:])
        decoy = f"{DIR}/docker-decoy"
        os.makedirs(decoy)
        shutil.copy(shutil.which("runc"), f"{decoy}/runc")
        command(f"{decoy}/runc", "--version")
        docker("run", "--rm", "--name", "evil-neighbour", "--network", "none", "-v", f"{decoy}:/decoy", "box", "/bin/sh", "-c",
               "echo >>/decoy/runc")

        def told():
            lines = [json.loads(l) for l in docker("logs", "brigwatch").stdout.splitlines() if l.startswith("{")]
            return [a for a in lines if a["rule_id"] == "BW-0101" and a["container"].get("name") == "evil-neighbour"]
        check("docker: a neighbour's attack is told by its name", until(told), docker("logs", "brigwatch").stdout[-1500:])
    finally:
        docker("stop", "-t", "20", "brigwatch")
        code = docker("inspect", "-f", "{{.State.ExitCode}}", "brigwatch").stdout.strip()
        check("docker: it ends when it is stopped", code == "0", code)
        docker("rm", "-f", "brigwatch")


def run():
    archive, _ = image.build()
    log = open(f"{DIR}/dockerd.log", "w")
    daemon = subprocess.Popen(
        ["dockerd", "--iptables=false", "--bridge=none", "--data-root", f"{DIR}/docker", "--exec-root", f"{DIR}/docker-exec", "-p",
         f"{DIR}/dockerd.pid", "-H", SOCKET, "--storage-driver", "vfs"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        with Node():
            if check("docker: the daemon starts", until(lambda: docker("version").returncode == 0, 40),
                     open(f"{DIR}/dockerd.log").read()[-1500:]):
                under_docker(archive)
    finally:
        daemon.terminate()
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        time.sleep(1)
        # Mounts that the daemon leaves would keep the directory.
        for line in reversed(open("/proc/mounts").read().splitlines()):
            if line.split()[1].startswith(DIR):
                command("umount", "-l", line.split()[1])
