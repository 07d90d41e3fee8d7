# SPDX-License-Identifier: Apache-2.0
"""What a kubelet with containerd or CRI-O makes of a pod: a configuration for runc. From
the manifest, so that what is tested is what is shipped."""
import json, os, re


MASKED = """/proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats
/proc/sched_debug /proc/scsi /sys/firmware""".split()
READ_ONLY = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger".split()
NODE, POD_IP = "node-17", "10.244.3.9"
PROFILE = "/usr/share/containers/seccomp.json"
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


def runtime_default(capabilities, with_bpf=True):
    """The default profile of CRI-O and podman, for an x86-64 host and these capabilities. It
    is older than CAP_BPF; containerd since 1.7 and Docker since 23 let bpf() pass with it,
    which is added here."""
    with open(PROFILE) as f:
        profile = json.load(f)
    rules = [{"names": ["bpf"], "action": "SCMP_ACT_ALLOW"}] if with_bpf and "CAP_BPF" in capabilities else []
    for rule in profile["syscalls"]:
        names = [n for n in rule["names"] if not rules or n not in rules[0]["names"]]
        has, lacks = rule.get("includes") or {}, rule.get("excludes") or {}
        if not names or (has.get("caps") and not set(has["caps"]) <= set(capabilities)) or \
                (has.get("arches") and "amd64" not in has["arches"]) or \
                set(lacks.get("caps") or []) & set(capabilities) or "amd64" in (lacks.get("arches") or []):
            continue
        made = {"names": names, "action": rule["action"]}
        made.update({k: rule[k] for k in ("args", "errnoRet") if rule.get(k)})
        rules.append(made)
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile["defaultErrnoRet"],
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": rules}


def source_of(volume, mount, objects, place):
    if "hostPath" in volume:
        path = volume["hostPath"]["path"]
        if volume["hostPath"]["type"] == "DirectoryOrCreate":
            os.makedirs(path, mode=0o755, exist_ok=True)
        elif not os.path.isdir(path):
            raise ValueError(f"{path} is not there")
        return path
    if "emptyDir" in volume:
        path = f"{place}/{volume['name']}"
        os.makedirs(path, exist_ok=True)
        return path
    [data] = [o["data"] for o in objects if o["kind"] == "ConfigMap" and
              o["metadata"]["name"] == volume["configMap"]["name"]]
    path = f"{place}/{mount['subPath']}"
    with open(path, "w") as f:
        f.write(data[mount["subPath"]])
    return path


def mounts_of(container, pod, objects, place):
    volumes = {v["name"]: v for v in pod["volumes"]}
    result = []
    for mount in container.get("volumeMounts", []):
        read_only = "rw"
        if mount.get("readOnly"):
            read_only = "rro" if mount.get("recursiveReadOnly") in ("IfPossible", "Enabled") else "ro"
        way = {"HostToContainer": "rslave", "Bidirectional": "rshared"}.get(mount.get("mountPropagation"), "rprivate")
        result.append({"destination": mount["mountPath"], "type": "bind",
                       "source": source_of(volumes[mount["name"]], mount, objects, place),
                       "options": ["rbind", way, read_only]})
    return result


def environment(variables):
    """As the kubelet has it: $(NAME) stands for a variable further up."""
    known = {}
    for v in variables:
        known[v["name"]] = re.sub(r"\$\((\w+)\)", lambda m: known.get(m[1], m[0]), v["value"]) if "value" in v else \
            {"spec.nodeName": NODE, "status.podIP": POD_IP}[v["valueFrom"]["fieldRef"]["fieldPath"]]
    return [f"{k}={v}" for k, v in known.items()]


def configuration(container, pod, objects, image, place, with_bpf=True):
    """The config.json of one container of a pod; `image` is the image's own configuration."""
    context = {**pod.get("securityContext", {}), **container["securityContext"]}
    caps = ["CAP_" + c for c in context.get("capabilities", {}).get("add", [])]
    if context.get("capabilities", {}).get("drop") != ["ALL"]:
        raise ValueError("a container that keeps the runtime's capabilities is not known here")
    uid, gid = context["runAsUser"], context["runAsGroup"]
    limit = container["resources"]["limits"]["memory"]
    profile = context["seccompProfile"]["type"]
    # A view of the cgroups of its own, as all have it on hosts with the unified hierarchy.
    own = ["mount", "ipc", "uts", "cgroup"] + ([] if pod.get("hostPID") else ["pid"]) + \
        ([] if pod.get("hostNetwork") else ["network"])
    config = {
        "ociVersion": "1.0.2", "hostname": "brigwatch-x7k2p",
        "root": {"path": "rootfs", "readonly": context["readOnlyRootFilesystem"]},
        "process": {"user": {"uid": uid, "gid": gid}, "cwd": image["WorkingDir"],
                    "args": image["Entrypoint"] + (container.get("args") or image["Cmd"]),
                    "env": image["Env"] + environment(container.get("env", [])),
                    "noNewPrivileges": not context["allowPrivilegeEscalation"],
                    "capabilities": {k: caps for k in ("bounding", "effective", "permitted")}},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
                   {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                    "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
                   {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev"]},
                   {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
                   *mounts_of(container, pod, objects, place)],
        "linux": {"namespaces": [{"type": t} for t in own], "maskedPaths": MASKED, "readonlyPaths": READ_ONLY,
                  "resources": {"memory": {"limit": int(limit[:-2]) * UNITS[limit[-2:]]}}},
    }
    if profile == "RuntimeDefault":
        config["linux"]["seccomp"] = runtime_default(caps, with_bpf)
    return config
