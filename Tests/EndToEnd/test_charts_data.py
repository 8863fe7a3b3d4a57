# SPDX-License-Identifier: Apache-2.0
"""Charts that keep data: a web application with a claim, a database, a back-up by schedule, a pipeline of Jobs."""

from __future__ import annotations

from charts import Chart, condition, names, nodes

WEB_WITH_CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads, labels: {app: wiki}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: wiki, labels: {app: wiki}}
data: {greeting: welcome}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: wiki, labels: {app: wiki}}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: wiki}}
  template:
    metadata: {labels: {app: wiki}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: web
        image: busybox:1.36
        env: [{name: GREETING, valueFrom: {configMapKeyRef: {name: wiki, key: greeting}}}]
        command:
        - sh
        - -c
        - echo $GREETING $HOSTNAME >> /data/index.html; httpd -p 8080 -h /data; wc -l < /data/index.html; sleep 100000
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 2}
        volumeMounts: [{name: uploads, mountPath: /data}]
      volumes: [{name: uploads, persistentVolumeClaim: {claimName: uploads}}]
---
apiVersion: v1
kind: Service
metadata: {name: wiki, labels: {app: wiki}}
spec: {selector: {app: wiki}, ports: [{port: 80, targetPort: http}]}
"""

DATABASE = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: sql, port: 5432}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 2
      initContainers:
      - name: prepare
        image: busybox:1.36
        command: [sh, -c, 'test -f /var/lib/db/id || echo ${HOSTNAME##*-} > /var/lib/db/id']
        volumeMounts: [{name: data, mountPath: /var/lib/db}]
      containers:
      - name: server
        image: busybox:1.36
        command:
        - sh
        - -c
        - |
          echo started >> /var/lib/db/starts
          echo I am $(cat /var/lib/db/id), start $(wc -l < /var/lib/db/starts)
          touch /tmp/ready
          sleep 1000000
        readinessProbe: {exec: {command: [cat, /tmp/ready]}, periodSeconds: 1}
        volumeMounts: [{name: data, mountPath: /var/lib/db}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""

BACKUP = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: backups}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "*/15 * * * *"
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 2
  jobTemplate:
    spec:
      backoffLimit: 1
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: dump
            image: busybox:1.36
            command: [sh, -c, 'sleep 30; echo saved >> /backups/list; echo back-up $(wc -l < /backups/list)']
            volumeMounts: [{name: backups, mountPath: /backups}]
          volumes: [{name: backups, persistentVolumeClaim: {claimName: backups}}]
"""

PIPELINE = """
apiVersion: batch/v1
kind: Job
metadata: {name: render}
spec:
  completions: 4
  parallelism: 2
  completionMode: Indexed
  backoffLimitPerIndex: 1
  template:
    metadata: {labels: {step: render}}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      initContainers:
      - name: fetch
        image: busybox:1.36
        command: [sh, -c, 'sleep 5; echo frame $JOB_COMPLETION_INDEX > /work/frame']
        volumeMounts: [{name: work, mountPath: /work}]
      containers:
      - name: render
        image: busybox:1.36
        command: [sh, -c, 'sleep 20; echo rendered $(cat /work/frame); test $JOB_COMPLETION_INDEX != 2']
        volumeMounts: [{name: work, mountPath: /work}]
      volumes: [{name: work, emptyDir: {}}]
"""


def claimed_node(chart: Chart, app: str) -> str:
    (pod,) = chart.ready(app=app)
    return str(pod["spec"]["nodeName"])


def test_web_application_with_a_claim(chart: Chart) -> None:
    assert [line.split()[-1] for line in chart.apply(WEB_WITH_CLAIM)] == ["created"] * 4
    chart.advance("30s")
    assert chart.get("persistentvolumeclaims", "uploads")["status"]["phase"] == "Bound"
    assert condition(chart.get("deployments", "wiki"), "Available") == "True"
    assert chart.logs(chart.ready(app="wiki")[0]["metadata"]["name"]) == "1\n"
    assert chart.ask("reader", "wget -qO- http://wiki").startswith("welcome wiki-")
    # A rollout by Recreate: never two at once, and the content stays.
    chart.set_image("deployments", "wiki", "web", "busybox:1.37")
    chart.advance("30s")
    (pod,) = chart.ready(app="wiki")
    assert chart.logs(pod["metadata"]["name"]) == "2\n"
    # An eviction is a move.
    assert chart.evict(pod["metadata"]["name"]).status == 201
    chart.advance("30s")
    (pod,) = chart.ready(app="wiki")
    assert chart.logs(pod["metadata"]["name"]) == "3\n"
    # So is the loss of its node, once the pod is known to be gone.
    lost = claimed_node(chart, "wiki")
    chart.lose_node(lost)
    chart.power(lost, "on")
    chart.advance("1m")
    (pod,) = chart.ready(app="wiki")
    assert chart.logs(pod["metadata"]["name"]) == "4\n"
    assert chart.addresses("wiki") == {pod["status"]["podIP"]}


def test_database(chart: Chart) -> None:
    chart.apply(DATABASE)
    chart.advance("1m")
    pods = chart.ready(app="db")
    assert names(pods) == ["db-0", "db-1", "db-2"]
    begun = [pod["metadata"]["creationTimestamp"] for pod in pods]
    ready = [next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")["lastTransitionTime"] for pod in pods]
    assert begun[1] >= ready[0] and begun[2] >= ready[1], "one after the other"
    assert names(chart.list("persistentvolumeclaims")) == ["data-db-0", "data-db-1", "data-db-2"]
    assert {claim["status"]["phase"] for claim in chart.list("persistentvolumeclaims")} == {"Bound"}
    answer = chart.ask("resolver", "nslookup db-1.db.default.svc.cluster.local")
    assert pods[1]["status"]["podIP"] in answer
    assert [chart.logs(name, "server") for name in names(pods)] == [f"I am {index}, start 1\n" for index in range(3)]
    # A rollout replaces the last first, and each finds its own data again.
    chart.set_image("statefulsets", "db", "server", "busybox:1.37")
    chart.advance("2m")
    status = chart.get("statefulsets", "db")["status"]
    assert status["currentRevision"] == status["updateRevision"] and status["readyReplicas"] == 3
    again = chart.ready(app="db")
    assert [pod["metadata"]["creationTimestamp"] for pod in again] == sorted(
        (pod["metadata"]["creationTimestamp"] for pod in again), reverse=True
    )
    assert [chart.logs(name, "server") for name in names(pods)] == [f"I am {index}, start 2\n" for index in range(3)]
    # One may be away, a second may not.
    assert chart.evict("db-0").status == 201
    refused = chart.evict("db-1")
    assert refused.status == 429 and "disruption budget" in refused.object["message"]
    chart.advance("1m")
    assert chart.logs("db-0", "server") == "I am 0, start 3\n"
    # Of a silent node nobody knows whether its pod still writes: no second one is made until it is known.
    node = chart.get("pods", "db-1")["spec"]["nodeName"]
    chart.lose_node(node)
    assert "deletionTimestamp" in chart.get("pods", "db-1")["metadata"]
    assert chart.get("statefulsets", "db")["status"]["readyReplicas"] == 2
    chart.power(node, "on")
    chart.advance("1m")
    assert chart.logs("db-1", "server") == "I am 1, start 3\n"
    assert chart.get("statefulsets", "db")["status"]["readyReplicas"] == 3
    # Claims outlive the set and its pods.
    chart.kubectl("scale", "statefulset/db", "--replicas=1")
    chart.advance("1m")
    assert names(chart.pods(app="db")) == ["db-0"] and len(chart.list("persistentvolumeclaims")) == 3


def test_backup_by_schedule(chart: Chart) -> None:
    chart.apply(BACKUP)
    chart.advance("1h1m")
    jobs = chart.list("jobs")
    assert len(jobs) == 2 and {condition(job, "Complete") for job in jobs} == {"True"}
    last = max(names(jobs))
    (pod,) = [pod for pod in chart.list("pods") if pod["metadata"]["labels"]["job-name"] == last]
    assert chart.logs(pod["metadata"]["name"]) == "back-up 4\n"
    schedule = chart.get("cronjobs", "backup")
    assert schedule["status"]["lastScheduleTime"].endswith(":00:00Z") and "active" not in schedule["status"]
    # Of what is missed while it is suspended only the last is made up for.
    chart.patch("cronjobs", "backup", {"spec": {"suspend": True}})
    chart.advance("50m")
    assert max(names(chart.list("jobs"))) == last
    chart.patch("cronjobs", "backup", {"spec": {"suspend": False}})
    chart.advance("2m")
    assert len(set(names(chart.list("jobs"))) - set(names(jobs))) == 1
    # A node is lost in the middle of a back-up: the Job makes another pod.
    chart.advance("7m15s")
    (running,) = chart.pods()
    chart.lose_node(running["spec"]["nodeName"])
    chart.power(running["spec"]["nodeName"], "on")
    chart.advance("2m")
    job = chart.get("jobs", max(names(chart.list("jobs"))))
    assert condition(job, "Complete") == "True"
    # So it does when a back-up is evicted.
    while not (pods := chart.pods()):
        chart.advance("15s")
    (running,) = pods
    assert chart.evict(running["metadata"]["name"]).status == 201
    chart.advance("2m")
    evicted = chart.get("jobs", running["metadata"]["labels"]["job-name"])
    assert condition(evicted, "Complete") == "True" and evicted["status"]["failed"] == 1
    # A new release is for the Jobs that are made from then on.
    assert chart.apply(BACKUP.replace("echo back-up", "echo copy"))[-1] == "cronjob.batch/backup configured"
    chart.advance("16m")
    last = max(names(chart.list("jobs")))
    (pod,) = [pod for pod in chart.list("pods") if pod["metadata"]["labels"]["job-name"] == last]
    assert chart.logs(pod["metadata"]["name"]).startswith("copy ")


def test_pipeline_of_jobs(chart: Chart) -> None:
    chart.apply(PIPELINE)
    chart.advance("20s")
    assert chart.get("jobs", "render")["status"]["active"] == 2
    # An eviction costs an index one of its attempts.
    first = chart.pods(step="render", **{"batch.kubernetes.io/job-completion-index": "0"})
    assert chart.evict(*names(first)).status == 201
    chart.advance("10m")
    job = chart.get("jobs", "render")
    assert job["status"]["completedIndexes"] == "0,1,3" and job["status"]["failedIndexes"] == "2"
    assert condition(job, "Failed") == "True"
    assert "active" not in job["status"]
    done = [pod for pod in chart.list("pods", step="render") if pod["status"]["phase"] == "Succeeded"]
    lines = {chart.logs(pod["metadata"]["name"], "render") for pod in done}
    assert lines == {f"rendered frame {index}\n" for index in (0, 1, 3)}
    assert nodes(done) <= {"node-1", "node-2", "node-3"}


def test_pipeline_of_jobs_loses_a_node_and_is_released_anew(chart: Chart) -> None:
    chart.apply(PIPELINE)
    chart.advance("10s")
    (pod,) = chart.pods(step="render", **{"batch.kubernetes.io/job-completion-index": "1"})
    chart.lose_node(pod["spec"]["nodeName"])
    chart.advance("10m")
    job = chart.get("jobs", "render")["status"]
    assert (job["completedIndexes"], job["failedIndexes"]) == ("0,1,3", "2")
    ended = [pod for pod in chart.list("pods", step="render") if pod["status"]["phase"] == "Succeeded"]
    assert pod["spec"]["nodeName"] not in nodes(ended)
    chart.power(pod["spec"]["nodeName"], "on")
    # What a Job makes cannot be changed; a new release takes its place.
    released = PIPELINE.replace("test $JOB_COMPLETION_INDEX != 2", "true")
    assert "field is immutable" in chart.kubectl.run("apply", "-f", "-", stdin=released).stderr
    chart.api.delete("/apis/batch/v1/namespaces/default/jobs/render", {"propagationPolicy": "Background"})
    chart.advance("5s")
    assert chart.apply(released) == ["job.batch/render created"]
    chart.advance("10m")
    assert chart.get("jobs", "render")["status"]["completedIndexes"] == "0-3"
