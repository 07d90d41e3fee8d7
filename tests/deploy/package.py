# SPDX-License-Identifier: Apache-2.0
"""The Debian package: clean for lintian; installs, upgrades and purges in a fresh Debian."""
import glob, os, re, shutil, time

from lib import BUILD, DIR, TOP, check, command, files, make

# Programs that the package needs and a minimal Debian has not; pulled in with it.
CACHE = f"{TOP}/{BUILD}/debian-tree.tar"
KEEP_CACHE_DAYS = 7


def mirror():
    """The archive and release that this machine gets its own packages from."""
    text = command("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages").stdout
    for line in text.splitlines():
        site, release, component = line.split()
        if re.fullmatch(r"[a-z]+", release) and component == "main" and site.rstrip("/").endswith("/debian"):
            return site, release
    return None, None


def depends(deb):
    text = command("dpkg-deb", "-f", deb, "Depends").stdout
    return sorted({re.split(r"[ (|]", d.strip())[0] for d in text.split(",")})


def fresh_tree(deb, tree):
    """A minimal Debian with what `deb` depends on; made once a week, it takes a minute."""
    if not os.path.exists(CACHE) or time.time() - os.path.getmtime(CACHE) > KEEP_CACHE_DAYS * 86400:
        site, release = mirror()
        if not site:
            return "no Debian archive among this machine's sources"
        done = command("debootstrap", "--variant=minbase", f"--include={','.join(depends(deb))}", release, f"{DIR}/made", site)
        if done.returncode != 0:
            return done.stdout[-1500:] + done.stderr[-500:]
        shutil.rmtree(f"{DIR}/made/var/cache/apt/archives", ignore_errors=True)
        # Where it came from is nobody's business.
        command("rm", "-f", f"{DIR}/made/etc/apt/sources.list", f"{DIR}/made/etc/hostname", f"{DIR}/made/etc/resolv.conf")
        command("tar", "-C", f"{DIR}/made", "-cf", f"{CACHE}.new", ".", check=True)
        os.rename(f"{CACHE}.new", CACHE)
        shutil.rmtree(f"{DIR}/made")
    os.makedirs(tree)
    command("tar", "-C", tree, "-xf", CACHE, check=True)
    return None


def inside(tree, *args):
    return command("chroot", tree, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
                   *args)


def newer(deb, version, change):
    """The same package of a later version, with another configuration of its own."""
    tree = f"{DIR}/newer"
    command("dpkg-deb", "-R", deb, tree, check=True)
    control = f"{tree}/DEBIAN/control"
    with open(control) as f:
        text = re.sub(r"(?m)^Version: .*$", f"Version: {version}", f.read())
    with open(control, "w") as f:
        f.write(text)
    with open(f"{tree}/etc/brigwatch/brigwatch.json", "w") as f:
        f.write(change)
    command("dpkg-deb", "--root-owner-group", "-b", tree, f"{DIR}/newer.deb", check=True)
    return f"{DIR}/newer.deb"


def state(tree):
    """Files that a package may leave behind: all but the package manager's own."""
    own = ("var/lib/dpkg/", "var/log/", "var/cache/", "etc/ld.so.cache", "var/lib/systemd/", "tmp/")
    return {f for f in files(tree) if not f.startswith(own)}


def run():
    done = make("deb")
    debs = glob.glob(f"{TOP}/{BUILD}/deb/brigwatch_*_amd64.deb")
    if not check("package: it is built", done.returncode == 0 and len(debs) == 1, done.stdout + done.stderr):
        return
    [deb] = debs
    done = command("lintian", "--fail-on", "info", "--allow-root", glob.glob(f"{TOP}/{BUILD}/deb/*.changes")[0])
    check("package: lintian has nothing to say", done.returncode == 0 and not done.stdout.strip(), done.stdout)
    with open(f"{TOP}/deploy/debian/control") as f:
        control = f.read()
    build = {re.sub(r" \(.*?\)| ", "", d) for d in
             re.search(r"Build-Depends: (.*?)\nStandards", control, re.S)[1].replace("\n", " ").split(",")}
    listed = {l.split()[1] for l in open(f"{TOP}/dependencies") if l[0] not in "#\n" and "build" in l.split()[0].split(",")}
    # What every Debian build has, and what `make` alone uses.
    listed -= {"make", "git", "gcc", "libc6-dev"}
    check("package: it builds with what `dependencies` says", build - {"debhelper-compat"} == listed,
          f"{build ^ listed}")
    tree = f"{DIR}/debian"
    trouble = fresh_tree(deb, tree)
    if not check("package: a fresh Debian to install it in", not trouble, trouble):
        return
    before = state(tree)
    shutil.copy(deb, f"{tree}/tmp/brigwatch.deb")
    done = inside(tree, "dpkg", "-i", "/tmp/brigwatch.deb")
    check("package: it installs, with nothing missing", done.returncode == 0, done.stdout + done.stderr)
    check("package: the unit is enabled",
          os.path.islink(f"{tree}/etc/systemd/system/multi-user.target.wants/brigwatch.service"))
    done = inside(tree, "brigwatch", "rules", "check")
    check("package: the installed program finds its rules", done.returncode == 0 and "all well" in done.stdout,
          done.stdout + done.stderr)
    done = inside(tree, "brigwatch", "check-config")
    check("package: its configuration is well", done.returncode == 0, done.stdout + done.stderr)
    check("package: no file is changed or missing", not inside(tree, "dpkg", "--verify", "brigwatch").stdout)
    upgrade(tree, deb)
    purge(tree, before)


def upgrade(tree, deb):
    config = f"{tree}/etc/brigwatch/brigwatch.json"
    mine = '{\n\t"rules": ["/usr/share/brigwatch/rules"],\n\t"disable": ["BW-0380"]\n}\n'
    theirs = '{\n\t"rules": ["/usr/share/brigwatch/rules", "/etc/brigwatch/rules.d"],\n\t"format": "json"\n}\n'
    later = newer(deb, "0.1.1-1", theirs)
    shutil.copy(later, f"{tree}/tmp/newer.deb")
    with open(config) as f:
        first = f.read()
    # Unchanged by the administrator: the new one replaces it.
    done = inside(tree, "dpkg", "-i", "/tmp/newer.deb")
    with open(config) as f:
        check("package: an upgrade brings its own configuration along", done.returncode == 0 and f.read() == theirs != first,
              done.stderr)
    inside(tree, "dpkg", "-i", "/tmp/brigwatch.deb")
    with open(config, "w") as f:
        f.write(mine)
    done = inside(tree, "dpkg", "--force-confdef", "--force-confold", "-i", "/tmp/newer.deb")
    with open(config) as f:
        check("package: an upgrade keeps what an administrator has written, and shows its own beside it",
              done.returncode == 0 and f.read() == mine and os.path.exists(config + ".dpkg-dist"), done.stdout + done.stderr)
    version = inside(tree, "dpkg-query", "-W", "-f", "${Version}", "brigwatch").stdout
    check("package: the new version is there", version == "0.1.1-1", version)


def purge(tree, before):
    for place in ("lib", "log"):
        os.makedirs(f"{tree}/var/{place}/brigwatch", exist_ok=True)
        open(f"{tree}/var/{place}/brigwatch/written", "w").close()
    done = inside(tree, "dpkg", "-r", "brigwatch")
    # systemd's own link stays until the purge, as with every package.
    left = {f for f in state(tree) - before if not f.startswith("etc/brigwatch/") and not f.endswith(".wants/brigwatch.service")}
    check("package: removed, it leaves its configuration and data",
          done.returncode == 0 and os.path.exists(f"{tree}/etc/brigwatch/brigwatch.json") and
          os.path.exists(f"{tree}/var/lib/brigwatch/written") and left <= {"var/lib/brigwatch/written"}, f"{left} {done.stderr}")
    done = inside(tree, "dpkg", "-P", "brigwatch")
    check("package: purged, it leaves nothing",
          done.returncode == 0 and state(tree) == before and not os.path.exists(f"{tree}/var/lib/brigwatch") and
          not os.path.exists(f"{tree}/var/log/brigwatch") and not os.path.exists(f"{tree}/etc/brigwatch"),
          f"{state(tree) ^ before} {done.stderr}")
