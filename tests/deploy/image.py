# SPDX-License-Identifier: Apache-2.0
"""The image: the same bytes each time, small, nothing in it that is not needed, and what
engines make of it."""
import hashlib, json, os, shutil, stat, tarfile

from lib import BUILD, DIR, TOP, check, command, files, make

SIZE_MAX = 16 << 20
CAPABILITIES = "cap_dac_read_search,cap_sys_ptrace,cap_perfmon,cap_bpf=p"
layout = f"{DIR}/layout"
tree = f"{DIR}/image"
config = {}


def blob(digest):
    return f"{layout}/blobs/sha256/{digest.split(':')[1]}"


def read(digest):
    with open(blob(digest)) as f:
        return json.load(f)


def unpack(archive):
    """The one layer of the image in `tree`, its configuration in `config`."""
    shutil.rmtree(layout, ignore_errors=True)
    with tarfile.open(archive) as t:
        t.extractall(layout)
    with open(f"{layout}/index.json") as f:
        [entry] = json.load(f)["manifests"]
    manifest = read(entry["digest"])
    [layer] = manifest["layers"]
    config.update(read(manifest["config"]["digest"])["config"])
    os.makedirs(tree, exist_ok=True)
    command("tar", "--xattrs", "--xattrs-include=*", "-xzf", blob(layer["digest"]), "-C", tree, check=True)
    return entry, manifest, layer


def build():
    """The archive; the same as before if nothing has changed, which takes some seconds."""
    done = make("image")
    return f"{TOP}/{BUILD}/brigwatch-image.tar", done


def run():
    archive, done = build()
    if not check("image: it is built", done.returncode == 0 and os.path.exists(archive), done.stderr):
        return
    with open(archive, "rb") as f:
        first = hashlib.sha256(f.read()).hexdigest()
    # Another order of files, another time, other process numbers.
    make("install", "PREFIX=/usr", f"DESTDIR={DIR}/second")
    version = next(l.split()[-1] for l in open(f"{TOP}/Makefile") if l.startswith("VERSION := "))
    done = command(f"{TOP}/deploy/container/build", f"{DIR}/second", version, f"{DIR}/second-image",
                   env={**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    with open(f"{DIR}/second-image.tar", "rb") as f:
        second = hashlib.sha256(f.read()).hexdigest()
    check("image: built twice, it is the same byte by byte", first == second, done.stderr)
    entry, manifest, layer = unpack(archive)
    sums = [hashlib.sha256(open(f"{layout}/blobs/sha256/{n}", "rb").read()).hexdigest() == n
            for n in os.listdir(f"{layout}/blobs/sha256")]
    sizes = all(os.path.getsize(blob(d["digest"])) == d["size"] for d in (entry, manifest["config"], layer))
    check("image: digests and sizes are those of what is in it", all(sums) and len(sums) == 3 and sizes)
    check(f"image: at most {SIZE_MAX >> 20} MiB", os.path.getsize(archive) <= SIZE_MAX, os.path.getsize(archive))
    programs = [f for f in files(tree) if os.access(f"{tree}/{f}", os.X_OK) and not os.path.islink(f"{tree}/{f}")
                and ".so" not in os.path.basename(f)]
    check("image: one program, no shell", programs == ["usr/bin/brigwatch"], programs)
    special = [f for f in files(tree) if os.lstat(f"{tree}/{f}").st_mode & (stat.S_ISUID | stat.S_ISGID)]
    open_ = [f for f in files(tree) if os.lstat(f"{tree}/{f}").st_mode & 0o022]
    check("image: no file with set-id bits, none that others write", not special + open_, special + open_)
    check("image: the program's capabilities are permitted, not effective",
          CAPABILITIES in command("getcap", f"{tree}/usr/bin/brigwatch").stdout)
    check("image: another user than root is its own", config["User"] == "65532:65532")
    # As another user, without any capability to be had: what needs none works.
    done = command("setpriv", "--bounding-set", "-all,+sys_chroot,+setuid,+setgid", "chroot", "--userspec=65532:65532", tree,
                   "/usr/bin/brigwatch", "version")
    check("image: it runs without libraries of the host, and without capabilities", done.returncode == 0 and
          version in done.stdout, done.stderr)
    done = command("chroot", "--userspec=65532:65532", tree, "/usr/bin/brigwatch", "rules", "check")
    check("image: its rules are well", done.returncode == 0, done.stderr)
    engines(archive, version)


def engines(archive, version):
    """podman takes it, under its name, and starts it as the image's user without any right."""
    place = ["podman", "--root", f"{DIR}/podman", "--runroot", f"{DIR}/podman-run", "--storage-driver", "vfs",
             "--cgroup-manager", "cgroupfs", "--runtime", "runc"]
    done = command(*place, "load", "-i", archive)
    check("image: podman load takes it", done.returncode == 0 and f"brigwatch:{version}" in done.stdout,
          done.stdout + done.stderr)
    done = command(*place, "run", "--rm", "--network", "none", "--cap-drop", "all", "--read-only", "--ulimit",
                   "nofile=1024:1024", "--ulimit", "nproc=1024:1024", f"brigwatch:{version}", "version")
    check("image: podman runs it", done.returncode == 0 and version in done.stdout, done.stdout + done.stderr)
    command(*place, "rmi", "-af")
