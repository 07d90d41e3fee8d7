# SPDX-License-Identifier: Apache-2.0
"""As much of kustomize as deploy/kubernetes uses: resources, and patches of the strategic
kind. Debian 12's own kubectl has a kustomize that is older than this syntax; where a newer
one is there, manifests.py compares the two."""
import os

import yaml

# Lists that are merged by a key, as the API's definitions say; others are replaced.
MERGE_KEYS = {"containers": "name", "initContainers": "name", "volumes": "name", "env": "name",
              "volumeMounts": "mountPath", "ports": "containerPort"}
KNOWN = {"apiVersion", "kind", "resources", "patches"}


class Strict(yaml.SafeLoader):
    """A key that stands twice is an error, as it is for the API server."""


def mapping(loader, node):
    pairs = loader.construct_pairs(node, deep=True)
    keys = [k for k, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"{node.start_mark}: a key stands twice in {keys}")
    return dict(pairs)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def load(path):
    with open(path) as f:
        return [d for d in yaml.load_all(f, Strict) if d is not None]


def merge(below, above, name=""):
    if isinstance(below, dict) and isinstance(above, dict):
        result = dict(below)
        for key, value in above.items():
            if value is None:
                result.pop(key, None)
            else:
                result[key] = merge(result[key], value, key) if key in result else value
        return result
    if isinstance(below, list) and isinstance(above, list) and name in MERGE_KEYS:
        key = MERGE_KEYS[name]
        changes = {item[key]: item for item in above}
        result = [merge(item, changes.pop(item[key])) if item[key] in changes else item for item in below]
        return [item for item in above if item[key] in changes] + result
    return above


def same(a, b):
    return [a["kind"], a["metadata"]["name"]] == [b["kind"], b["metadata"]["name"]]


def build(directory):
    """The objects of a directory with a kustomization.yaml."""
    [what] = load(f"{directory}/kustomization.yaml")
    if set(what) - KNOWN:
        raise ValueError(f"{directory}: kustomize.py does not know {set(what) - KNOWN}")
    objects = []
    for resource in what["resources"]:
        path = os.path.normpath(f"{directory}/{resource}")
        objects += build(path) if os.path.isdir(path) else load(path)
    for patch in what.get("patches", []):
        for change in load(f"{directory}/{patch['path']}"):
            if not any(same(o, change) for o in objects):
                raise ValueError(f"{directory}: nothing to patch: {change['metadata']}")
            objects = [merge(o, change) if same(o, change) else o for o in objects]
    return objects
