# SPDX-License-Identifier: Apache-2.0
"""Manifests that several tests use."""

from __future__ import annotations

from api import Object

# The image is a server: it runs until it is told to end, and then ends at once.
WEB_POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: web
    image: nginx:1.27
    ports: [{containerPort: 80}]
"""

SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: green, size: large}
"""

# The example of kubernetes.io/docs/concepts/workloads/pods/init-containers.
INIT_POD = """
apiVersion: v1
kind: Pod
metadata: {name: myapp-pod, labels: {app: myapp}}
spec:
  containers:
  - {name: myapp-container, image: "busybox:1.28", command: ['sh', '-c', 'echo The app is running! && sleep 3600']}
  initContainers:
  - {name: init-myservice, image: "busybox:1.28", command: ['sh', '-c', 'until nslookup myservice; do echo waiting for myservice; sleep 2; done;']}
  - {name: init-mydb, image: "busybox:1.28", command: ['sh', '-c', 'until nslookup mydb; do echo waiting for mydb; sleep 2; done;']}
"""


def service(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"protocol": "TCP", "port": 80, "targetPort": 9376}]},
    }


def shell_pod(name: str, script: str, **spec: object) -> Object:
    """A pod of one container `main` that runs a script."""
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container], **spec}}
