// SPDX-License-Identifier: Apache-2.0
// What is known of workloads that keep pods.

import PodiumCodec
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension BuiltInKind {
    static let replicationControllers = BuiltInKind("replicationcontrollers", ReplicationControllerStrategy()) { kind in
        kind.cells = { $0.replicaSet(selector: $0.object.labels("spec", "selector")) }
        kind.selectableFields = [
            SelectableField("status.replicas", fallback: "0")
        ]
        kind.dependents = .orphan
        kind.rechecksMetadata = false
        kind.registryPrefix = "controllers"
    }

    static let podTemplates = BuiltInKind("podtemplates", PodTemplateStrategy()) { kind in
        kind.cells = {
            let (names, images) = $0.object.containers("template")
            return [$0.name, names, images, .string($0.object.labels("template", "metadata", "labels"))]
        }
        kind.rechecksMetadata = false
    }

    static let deployments = BuiltInKind("deployments", in: "apps", DeploymentStrategy()) { kind in
        kind.cells = { $0.deployment }
        // Kubernetes: pkg/registry/apps/deployment/strategy.go
        kind.fieldFilters = ["status": .allBut([["spec"], ["metadata", "labels"]])]
        kind.rechecksMetadata = false
    }

    static let replicaSets = BuiltInKind("replicasets", in: "apps", ReplicaSetStrategy()) { kind in
        kind.cells = { $0.replicaSet(selector: $0.selectorText("spec", "selector")) }
        kind.selectableFields = [
            SelectableField("status.replicas", fallback: "0")
        ]
        kind.rechecksMetadata = false
    }

    static let statefulSets = BuiltInKind("statefulsets", in: "apps", StatefulSetStrategy()) { kind in
        kind.cells = { $0.statefulSet }
        kind.rechecksMetadata = false
    }

    static let daemonSets = BuiltInKind("daemonsets", in: "apps", DaemonSetStrategy()) { kind in
        kind.cells = { $0.daemonSet }
        kind.rechecksMetadata = false
    }

    static let controllerRevisions = BuiltInKind("controllerrevisions", in: "apps", ControllerRevisionStrategy()) {
        kind in
        kind.cells = { $0.controllerRevision }
    }
}
