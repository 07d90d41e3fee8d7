# SPDX-License-Identifier: Apache-2.0
"""The manifests for Kubernetes: structure after the API's definitions (no cluster needed),
and what the default must and must not ask for."""
import copy, json, re

import jsonschema, yaml

import kustomize
from lib import TOP, check, command, make, skip

KUBERNETES = f"{TOP}/deploy/kubernetes"
PLACES = ("base", "overlays/privileged", "overlays/nonroot", "overlays/unconfined", "overlays/metrics", "overlays/selinux")
FOUR = ["BPF", "PERFMON", "SYS_PTRACE", "DAC_READ_SEARCH"]
with open(f"{TOP}/tests/deploy/kubernetes.schema.json") as f:
    SCHEMA = json.load(f)


def wrong(thing):
    """What is wrong with one object, or None."""
    kind = f"{thing.get('apiVersion')} {thing.get('kind')}"
    if kind not in SCHEMA["kinds"]:
        return f"no schema for {kind}"
    schema = {"$defs": SCHEMA["$defs"], "allOf": [SCHEMA["kinds"][kind]], "required": SCHEMA["kinds"][kind]["required"]}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(thing):
        return f"{kind} {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
    return references(thing)


def references(thing):
    """Names in a pod that must name something in it; the API server checks these, too."""
    if thing["kind"] != "DaemonSet":
        return None
    spec, labels = thing["spec"]["template"]["spec"], thing["spec"]["template"]["metadata"]["labels"]
    chosen = thing["spec"]["selector"]["matchLabels"]
    if any(labels.get(k) != v for k, v in chosen.items()):
        return f"the selector {chosen} does not choose the template's labels"
    volumes = [v["name"] for v in spec["volumes"]]
    for c in spec["containers"] + spec.get("initContainers", []):
        for mount in c.get("volumeMounts", []):
            if mount["name"] not in volumes:
                return f"{c['name']}: no volume {mount['name']}"
            if mount.get("recursiveReadOnly", "Disabled") != "Disabled" and not mount.get("readOnly"):
                return f"{c['name']}: {mount['name']}: recursiveReadOnly without readOnly"
        context = c["securityContext"]
        if context.get("privileged") and not context.get("allowPrivilegeEscalation", True):
            return f"{c['name']}: privileged, and no escalation of privileges"
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            port = c.get(probe, {}).get("httpGet", {}).get("port")
            if isinstance(port, str) and port not in [p.get("name") for p in c.get("ports", [])]:
                return f"{c['name']}: {probe}: no port {port}"
    return None


def mutations(objects):
    """(what, objects with one mistake), each of which must be found."""
    def with_change(kind, change):
        result = copy.deepcopy(objects)
        change(next(o for o in result if o["kind"] == kind))
        return result

    def pod(o):
        return o["spec"]["template"]["spec"]

    def agent(o):
        return pod(o)["containers"][0]
    for what, kind, change in (
            ("a misspelt field", "DaemonSet", lambda o: agent(o)["securityContext"].update(readOnlyRootFileSystem=True)),
            ("a field in the wrong place", "DaemonSet", lambda o: pod(o).update(volumeMounts=[])),
            ("a string for a boolean", "DaemonSet", lambda o: pod(o).update(hostPID="true")),
            ("a number for a string", "DaemonSet", lambda o: agent(o)["args"].append(5)),
            ("a missing image name", "DaemonSet", lambda o: agent(o).pop("name")),
            ("a wrong word", "DaemonSet", lambda o: pod(o)["securityContext"]["seccompProfile"].update(type="Default")),
            ("a wrong quantity", "DaemonSet", lambda o: agent(o)["resources"]["limits"].update(memory="512 MB")),
            ("a wrong API version", "DaemonSet", lambda o: o.update(apiVersion="apps/v1beta1")),
            ("an unknown volume", "DaemonSet", lambda o: agent(o)["volumeMounts"][0].update(name="hosts")),
            ("a selector of others", "DaemonSet", lambda o: o["spec"]["selector"]["matchLabels"].update(app="x")),
            ("a missing selector", "DaemonSet", lambda o: o["spec"].pop("selector")),
            ("a number as data", "ConfigMap", lambda o: o["data"].update(a=1)),
            ("a word for a number", "PriorityClass", lambda o: o.update(value="high"))):
        yield what, with_change(kind, change)


def by_name(objects):
    return sorted(objects, key=lambda o: (o["kind"], o["metadata"]["name"]))


def modern_kubectl():
    """kubectl's kustomize is of version 5 or later, which has this syntax."""
    try:
        text = command("kubectl", "version", "--client").stdout
    except FileNotFoundError:
        return False
    found = re.search(r"Kustomize Version: v(\d+)", text)
    return found and int(found[1]) >= 5


def least(objects):
    """The default asks for no more than it says."""
    spec = next(o for o in objects if o["kind"] == "DaemonSet")["spec"]["template"]["spec"]
    [agent] = spec["containers"]
    context, title = agent["securityContext"], "default manifest"
    check(f"{title}: not privileged, no escalation, read-only root",
          context["privileged"] is False and context["allowPrivilegeEscalation"] is False and
          context["readOnlyRootFilesystem"] is True)
    check(f"{title}: drops all capabilities and adds four", context["capabilities"] == {"drop": ["ALL"], "add": FOUR})
    check(f"{title}: seccomp RuntimeDefault, for pod and container",
          spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"} and "seccompProfile" not in context)
    check(f"{title}: no token, no RBAC", spec["automountServiceAccountToken"] is False and "serviceAccountName" not in spec
          and not [o for o in objects if "rbac" in o["apiVersion"]])
    check(f"{title}: the host's processes, not its network or IPC",
          spec["hostPID"] is True and not spec.get("hostNetwork") and not spec.get("hostIPC"))
    paths = {v["name"]: v["hostPath"]["path"] for v in spec["volumes"] if "hostPath" in v}
    writable = {paths[m["name"]]: m["mountPath"] for m in agent["volumeMounts"]
                if m["name"] in paths and not m.get("readOnly")}
    check(f"{title}: of the host only state and a corner of bpffs are writable",
          writable == {"/run/brigwatch": "/run/brigwatch", "/sys/fs/bpf/brigwatch": "/sys/fs/bpf"}, writable)
    check(f"{title}: what is read-only is so with the mounts below it",
          all(m.get("recursiveReadOnly") == "IfPossible" for m in agent["volumeMounts"]
              if m["name"] in paths and m.get("readOnly")))
    check(f"{title}: no runtime socket", not [p for p in paths.values() if p.endswith(".sock")])
    check(f"{title}: every taint, a priority class, requests and a memory limit",
          {"operator": "Exists"} in spec["tolerations"] and
          spec["priorityClassName"] in [o["metadata"]["name"] for o in objects if o["kind"] == "PriorityClass"] and
          agent["resources"]["requests"].keys() >= {"cpu", "memory"} and "memory" in agent["resources"]["limits"])


def run():
    for place in PLACES:
        objects = kustomize.build(f"{KUBERNETES}/{place}")
        bad = [w for w in map(wrong, objects) if w]
        check(f"{place}: structure as Kubernetes' API has it", objects and not bad, bad)
        if modern_kubectl():
            done = command("kubectl", "kustomize", f"{KUBERNETES}/{place}")
            theirs = [o for o in yaml.load_all(done.stdout, yaml.SafeLoader) if o]
            check(f"{place}: kubectl kustomize makes the same of it", by_name(theirs) == by_name(objects), done.stderr)
        else:
            skip(f"{place}: compared with kubectl kustomize", "no kubectl with kustomize 5")
    objects = kustomize.build(f"{KUBERNETES}/base")
    for what, changed in mutations(objects):
        check(f"structure: {what} is found", any(map(wrong, changed)))
    least(objects)
    privileged = kustomize.build(f"{KUBERNETES}/overlays/privileged")
    context = next(o for o in privileged if o["kind"] == "DaemonSet")["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    check("overlays/privileged: is", context["privileged"] is True and "capabilities" not in context)
    plain = make("manifest", "MANIFEST=/dev/stdout").stdout
    with open(f"{KUBERNETES}/brigwatch.yaml") as f:
        there = f.read()
    check("brigwatch.yaml is what `make manifest` writes", plain == there)
    check("brigwatch.yaml is the base", by_name(kustomize.load(f"{KUBERNETES}/brigwatch.yaml")) == by_name(objects))
