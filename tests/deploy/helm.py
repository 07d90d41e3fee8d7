# SPDX-License-Identifier: Apache-2.0
"""The Helm chart. Debian has no helm: the little of its templates' language that the chart
keeps to is rendered here, and all else refused, so that the chart cannot grow beyond what
is tested. What comes out is compared with the manifests."""
import copy, hashlib, itertools, json, re

import jsonschema, yaml

import kustomize, manifests
from lib import TOP, check

CHART = f"{TOP}/deploy/helm/brigwatch"
NAMESPACE = "brigwatch"


def tokens(text):
    """[(is_action, text)], with the blanks gone that {{- and -}} take away."""
    result, trim = [], False
    for part in re.split(r"(\{\{.*?\}\})", text, flags=re.S):
        if part.startswith("{{"):
            if part.startswith("{{- "):
                result[-1] = (False, result[-1][1].rstrip())
            trim = part.endswith(" -}}")
            result.append((True, part[2:-2].strip("-").strip()))
        else:
            result.append((False, part.lstrip() if trim else part))
            trim = False
    return result


def lookup(scope, path):
    value = scope
    for name in path[1:].split("."):
        value = value[name]
    return value


FUNCTIONS = {
    "toJson": lambda v: json.dumps(v, separators=(",", ":"), sort_keys=True),
    "quote": json.dumps,
    "sha256sum": lambda v: hashlib.sha256(v.encode()).hexdigest(),
    "indent": lambda n, v: "\n".join(" " * n + line for line in v.split("\n")),
    "default": lambda instead, v: v or instead,
    "eq": lambda a, *others: a in others,
}


def word(scope, text):
    if text.startswith('"'):
        return json.loads(text)
    if text.isdigit():
        return int(text)
    return lookup(scope, text)


def value_of(scope, pipeline):
    value = []
    for stage in pipeline.split(" | "):
        words = re.findall(r'"[^"]*"|\S+', stage)
        if words[0] == ".Files.Get":
            with open(f"{CHART}/{word(scope, words[1])}") as f:
                value = [f.read()]
        elif words[0] in FUNCTIONS:
            value = [FUNCTIONS[words[0]](*[word(scope, w) for w in words[1:]], *value)]
        elif len(words) == 1 and not value:
            value = [word(scope, words[0])]
        else:
            raise ValueError(f"not known here: {pipeline}")
    return value[0]


def render(scope, items):
    """Up to the end of a block; (text, the action that ended it)."""
    out = []
    for is_action, text in items:
        if not is_action:
            out.append(text)
        elif text.startswith("if "):
            holds = bool(value_of(scope, text[3:]))
            first, end = render(scope, items)
            second = ""
            if end == "else":
                second, end = render(scope, items)
            if end != "end":
                raise ValueError("a block without end")
            out.append(first if holds else second)
        elif text in ("else", "end"):
            return "".join(out), text
        else:
            value = value_of(scope, text)
            out.append(value if isinstance(value, str) else json.dumps(value))
    return "".join(out), None


def chart(values):
    with open(f"{CHART}/Chart.yaml") as f:
        about = yaml.safe_load(f)
    scope = {"Values": values, "Release": {"Namespace": NAMESPACE, "Name": "brigwatch"},
             "Chart": {"AppVersion": about["appVersion"], "Name": about["name"]}}
    objects = []
    for name in ("configmap", "priorityclass", "daemonset", "monitoring"):
        with open(f"{CHART}/templates/{name}.yaml") as f:
            text, end = render(scope, iter(tokens(f.read())))
        if end:
            raise ValueError(f"{name}: a block too many")
        objects += [o for o in yaml.load_all(text, kustomize.Strict) if o]
    return objects


def plain(objects):
    """Without what a chart says in another way: the namespace's object, and checksums."""
    result = {}
    for o in copy.deepcopy(objects):
        if o["kind"] == "ConfigMap":
            o["data"] = {k: json.loads(v) for k, v in o["data"].items()}
        if o["kind"] == "DaemonSet":
            o["spec"]["template"]["metadata"]["annotations"] = None
        if o["kind"] != "Namespace":
            result[o["kind"], o["metadata"]["name"]] = o
    return result


def with_values(values, path, value):
    result = copy.deepcopy(values)
    at = result
    for name in path.split(".")[:-1]:
        at = at[name]
    at[path.split(".")[-1]] = value
    return result


def monitoring(values):
    for name in ("enabled", "prometheusRule.enabled", "podMonitor.enabled", "dashboard.enabled"):
        values = with_values(values, f"metrics.{name}", True)
    objects = chart(values)
    kinds = sorted(o["kind"] for o in objects)
    check("chart: with monitoring it has rule, monitor and dashboard",
          kinds == ["ConfigMap", "ConfigMap", "DaemonSet", "PodMonitor", "PriorityClass", "PrometheusRule"], kinds)
    with open(f"{TOP}/deploy/prometheus/alerts.yaml") as f:
        alerts = yaml.load(f, kustomize.Strict)
    with open(f"{TOP}/deploy/grafana/brigwatch.json") as f:
        dashboard = json.load(f)
    rule = next(o for o in objects if o["kind"] == "PrometheusRule")
    shown = next(o for o in objects if o["metadata"]["name"] == "brigwatch-dashboard")
    check("chart: rules and dashboard are those of deploy/prometheus and deploy/grafana",
          rule["spec"] == alerts and json.loads(shown["data"]["brigwatch.json"]) == dashboard)
    expressions = [r["expr"] for g in alerts["groups"] for r in g["rules"]] + \
        [t["expr"] for p in dashboard["panels"] for t in p["targets"]]
    with open(f"{TOP}/docs/metrics.md") as f:
        known = {m: l for m, l in re.findall(r"^\| `(brigwatch_\w+)` \| \w+ \| ([^|]*)\|", f.read(), re.M)}
    used = set(re.findall(r"brigwatch_\w+", " ".join(expressions)))
    unknown = {u for u in used if re.sub(r"_bucket$", "", u) not in known}
    check("alerts and dashboard: every metric is one of docs/metrics.md", used and not unknown, unknown)
    wrong = [(metric, label) for text in expressions for metric, selector in re.findall(r"(brigwatch_\w+)\{([^}]*)\}", text)
             for label in re.findall(r"(\w+)(?:=~|=|!=|!~)", selector)
             if label != "instance" and label not in known.get(metric, "")]
    check("alerts and dashboard: labels are those of the metric", not wrong, wrong)
    check("alerts: each has a severity and a summary",
          all(r["labels"]["severity"] in ("warning", "critical") and r["annotations"]["summary"]
              for g in alerts["groups"] for r in g["rules"]))
    cells = [(p["gridPos"]["x"] + x, p["gridPos"]["y"] + y) for p in dashboard["panels"]
             for x in range(p["gridPos"]["w"]) for y in range(p["gridPos"]["h"])]
    check("dashboard: no panel covers another", len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24)


def run():
    with open(f"{CHART}/values.yaml") as f:
        values = yaml.load(f, kustomize.Strict)
    with open(f"{CHART}/values.schema.json") as f:
        schema = json.load(f)
    good = jsonschema.Draft7Validator(schema)
    check("chart: its values fit its schema", good.is_valid(values), list(good.iter_errors(values))[:1])
    for path, value in (("mode", "root"), ("image.tagg", "1"), ("metrics.port", "9720"), ("config", {"host_root": "/"}),
                        ("tolerations", {}), ("resources.limit", {})):
        check(f"chart: {path} = {value!r} is refused", not good.is_valid(with_values(values, path, value)))
    for mode, place in (("default", "base"), ("nonroot", "overlays/nonroot"), ("unconfined", "overlays/unconfined"),
                        ("privileged", "overlays/privileged")):
        mine = plain(chart(with_values(values, "mode", mode)))
        theirs = plain(kustomize.build(f"{TOP}/deploy/kubernetes/{place}"))
        check(f"chart: mode {mode} is {place}", mine == theirs,
              [k for k in mine.keys() | theirs.keys() if mine.get(k) != theirs.get(k)])
    metrics = plain(chart(with_values(values, "metrics.enabled", True)))
    check("chart: metrics.enabled is overlays/metrics",
          metrics == plain(kustomize.build(f"{TOP}/deploy/kubernetes/overlays/metrics")))
    odd = {}
    for mode, on, create in itertools.product(schema["properties"]["mode"]["enum"], (True, False), (True, False)):
        objects = chart(with_values(with_values(with_values(values, "mode", mode), "metrics.enabled", on),
                                    "priorityClass.create", create))
        odd.update({(mode, on, create): w for w in map(manifests.wrong, objects) if w})
    check("chart: every mode has the structure of Kubernetes' API", not odd, odd)
    first, second = (chart(with_values(values, "rules.ruleset", n)) for n in ("a", "b"))
    sums = [next(o for o in objects if o["kind"] == "DaemonSet")["spec"]["template"]["metadata"]["annotations"]
            for objects in (first, second)]
    check("chart: a change of the rules starts the agents anew", sums[0] != sums[1])
    monitoring(values)
