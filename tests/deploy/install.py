# SPDX-License-Identifier: Apache-2.0
"""`make install` and `uninstall`, the unit of systemd, `brigwatch hand-over`."""
import glob, os, re

from lib import DIR, TOP, check, command, files, make

EXPOSURE_MAX = 30  # tenths, as systemd-analyze takes it


def name_of(paths):
    return {os.path.basename(p) for p in paths}


def installation(prefix):
    """Installs, changes the configuration, installs again, uninstalls."""
    tree = f"{DIR}/tree{prefix.replace('/', '-')}"
    make("all", f"PREFIX={prefix}")
    os.umask(0o077)
    done = make("install", f"PREFIX={prefix}", f"DESTDIR={tree}")
    root, title = tree + prefix, f"install below {prefix}"
    if not check(f"{title}: it succeeds", done.returncode == 0, done.stderr):
        return
    there = set(files(tree))
    wanted = {"bin/brigwatch", "lib/systemd/system/brigwatch.service", "share/bash-completion/completions/brigwatch",
              "share/zsh/vendor-completions/_brigwatch",
              "share/brigwatch/brigwatch.schema.json"}
    wanted |= {f"share/brigwatch/rules/{n}" for n in name_of(glob.glob(f"{TOP}/rules/*.json"))}
    wanted |= {f"share/man/man{n[-1]}/{n}" for n in name_of(glob.glob(f"{TOP}/docs/*.[1-9]"))}
    wanted |= {f"share/doc/brigwatch/{n}" for n in ("README.md", "CHANGELOG.md", "SECURITY.md")}
    wanted = {prefix[1:] + "/" + w for w in wanted} | {"etc/brigwatch/brigwatch.json", "etc/brigwatch/rules.d/local.json"}
    rest = {t for t in there - wanted if not t.startswith(prefix[1:] + "/share/doc/brigwatch/docs/")}
    check(f"{title}: every file and no other", not wanted - there and not rest, f"missing {wanted - there}, more {rest}")
    modes = {p: oct(os.stat(f"{tree}/{p}").st_mode & 0o7777) for p in there}
    odd = {p: m for p, m in modes.items() if m != ("0o755" if p.endswith("bin/brigwatch") else "0o644")}
    check(f"{title}: modes are 755 and 644 whatever the umask", not odd, odd)
    config = f"{tree}/etc/brigwatch/brigwatch.json"
    unit = open(f"{root}/lib/systemd/system/brigwatch.service").read()
    named = re.findall(r"/usr/(?:local/)?(?:bin|share)/brigwatch(?:/rules|/brigwatch.schema.json)?", unit + open(config).read())
    check(f"{title}: unit and configuration name its paths",
          set(named) == {f"{prefix}/bin/brigwatch", f"{prefix}/share/brigwatch/rules",
                        f"{prefix}/share/brigwatch/brigwatch.schema.json"}, named)
    looked = command(f"{root}/bin/brigwatch", "rules", "check", cwd="/")
    check(f"{title}: the program looks for its rules there",
          os.path.exists("/etc/brigwatch/rules") or f"{prefix}/share/brigwatch" in looked.stderr + looked.stdout,
          looked.stderr)
    rules = command(f"{root}/bin/brigwatch", "rules", "check", "--rules", f"{root}/share/brigwatch/rules", "--rules",
                    f"{tree}/etc/brigwatch/rules.d")
    check(f"{title}: its rules and the place for local ones are well", rules.returncode == 0, rules.stderr)
    open(config, "a").write("\n")
    make("install", f"PREFIX={prefix}", f"DESTDIR={tree}")
    done = make("uninstall", f"PREFIX={prefix}", f"DESTDIR={tree}")
    check(f"{title}: a changed configuration survives install and uninstall, nothing else",
          done.returncode == 0 and files(tree) == ["etc/brigwatch/brigwatch.json"], done.stderr + str(files(tree)))
    os.remove(config)
    make("install", f"PREFIX={prefix}", f"DESTDIR={tree}")
    make("uninstall", f"PREFIX={prefix}", f"DESTDIR={tree}")
    check(f"{title}: uninstall leaves nothing", files(tree) == [], files(tree))


def verify(path):
    return command("systemd-analyze", "verify", "--man=no", path)


def unit(tree):
    # The analyzer looks for the program where the unit says; here it is in a tree.
    text = open(f"{tree}/usr/lib/systemd/system/brigwatch.service").read()
    place = f"{DIR}/unit/brigwatch.service"
    os.makedirs(os.path.dirname(place), exist_ok=True)
    here = text.replace("/usr/bin/brigwatch", f"{tree}/usr/bin/brigwatch")
    open(place, "w").write(here)
    done = verify(place)
    check("unit: systemd-analyze verify has nothing to say", done.returncode == 0 and not done.stderr + done.stdout,
          done.stderr)
    for old, new in (("ProtectSystem=", "ProtectSystm="), ("Restart=on-failure", "Restart=sometimes"),
                     ("/usr/bin/brigwatch", "/usr/bin/brigwach")):
        open(place, "w").write(here.replace(f"{tree}{old}" if old[0] == "/" else old, new))
        done = verify(place)
        check(f"unit: {new} would be found", done.returncode != 0 or done.stderr, done.stderr)
    open(place, "w").write(text)
    done = command("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", place)
    line = [l for l in done.stdout.splitlines() if "exposure" in l]
    check(f"unit: exposure at most {EXPOSURE_MAX / 10}", done.returncode == 0 and line, line)
    print("     " + "".join(line[-1:]).strip())
    looser = re.sub(r"(?m)^(SystemCallFilter|CapabilityBoundingSet|Protect\w+)=.*$", "", text)
    open(place, "w").write(looser)
    done = command("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", place)
    check("unit: without its restrictions that would fail", done.returncode != 0, done.stdout[-200:])
    pages = re.findall(r"man:([\w.-]+)\((\d)\)", text)
    check("unit: the manual pages that it names are installed",
          pages and all(os.path.exists(f"{tree}/usr/share/man/man{n}/{p}.{n}") for p, n in pages), pages)


def owners(tree):
    return {os.lstat(f"{d}/{n}").st_uid for d, dirs, names in os.walk(tree) for n in dirs + names} | {os.lstat(tree).st_uid}


def hand_over(program):
    tree, outside, title = f"{DIR}/handed", f"{DIR}/outside", "hand-over"
    os.makedirs(f"{tree}/pins/deeper")
    os.makedirs(outside)
    for f in (f"{tree}/lock", f"{tree}/pins/deeper/map", f"{outside}/file"):
        open(f, "w").close()
    os.chmod(f"{tree}/pins", 0o700)
    os.symlink(f"{outside}/file", f"{tree}/link")
    os.symlink(outside, f"{tree}/way")
    alone = ["setpriv", "--bounding-set", "-all,+chown", "--inh-caps", "-all", program, "hand-over"]
    done = command(*alone, "65532:65532", tree)
    check(f"{title}: all that is in a directory, and nothing that a link leads to, with CAP_CHOWN alone",
          done.returncode == 0 and owners(tree) == {65532} and owners(outside) == {0}, done.stderr)
    check(f"{title}: a second time, too", command(*alone, "65532:65532", tree).returncode == 0)
    done = command("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", program, "hand-over", "1:1", outside)
    check(f"{title}: without the capability it says so", done.returncode == 3 and "CAP_CHOWN" in done.stderr, done.stderr)
    for bad in ("65532", "-1:0", "a:b", "1:4294967295", "1:2:3"):
        check(f"{title}: {bad} is refused", command(program, "hand-over", bad, tree).returncode == 2)
    done = command(program, "hand-over", "1:1", f"{tree}/way")
    check(f"{title}: a link is not followed", done.returncode == 5 and owners(outside) == {0}, done.stderr)


def not_covered(program):
    told = command(program, "doctor").stdout
    check("doctor: names gVisor and Kata as not covered",
          re.search(r"not seen in this tier:(.|\n)*Kata, gVisor", told), told[-500:])


def run():
    for prefix in ("/usr/local", "/usr"):
        installation(prefix)
        os.umask(0o022)
    tree = f"{DIR}/installed"
    make("install", "PREFIX=/usr", f"DESTDIR={tree}")
    unit(tree)
    hand_over(f"{tree}/usr/bin/brigwatch")
    not_covered(f"{tree}/usr/bin/brigwatch")
