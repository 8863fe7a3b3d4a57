// SPDX-License-Identifier: Apache-2.0
// What tells ReplicaSets and ReplicationControllers apart.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// A kind whose objects want a number of pods of one template.
protocol ReplicaKind: Sendable {
    /// The name of its controller in kube-controller-manager.
    static var controllerName: String { get }
    /// The source of its controller's Events.
    static var component: String { get }
    static var resource: GroupResource { get }
    static var apiVersion: String { get }
    static var kind: String { get }
    /// Whether its status counts pods that are being deleted.
    static var countsTerminating: Bool { get }

    static func selector(of spec: JSONValue) -> LabelSelector
}

extension ReplicaKind {
    static var type: OwnerType { OwnerType(resource: resource, apiVersion: apiVersion, kind: kind) }
}

enum ReplicaSetKind: ReplicaKind {
    static let controllerName = "replicaset-controller"
    static let component = "replicaset-controller"
    static let resource = GroupResource.replicaSets
    static let apiVersion = "apps/v1"
    static let kind = "ReplicaSet"
    static let countsTerminating = true

    static func selector(of spec: JSONValue) -> LabelSelector { LabelSelector(object: spec["selector"]) }
}

enum ReplicationControllerKind: ReplicaKind {
    static let controllerName = "replicationcontroller-controller"
    static let component = "replication-controller"
    static let resource = GroupResource.replicationControllers
    static let apiVersion = "v1"
    static let kind = "ReplicationController"
    static let countsTerminating = false

    static func selector(of spec: JSONValue) -> LabelSelector {
        LabelSelector(matching: spec["selector"]?.stringMap ?? [:])
    }
}
