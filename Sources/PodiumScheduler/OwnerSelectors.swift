// SPDX-License-Identifier: Apache-2.0
// The pods that belong together because one controller owns them.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Looks up the selectors of controllers.
// Kubernetes: pkg/scheduler/framework/plugins/helper/spread.go DefaultSelector
enum OwnerSelectors {
    private static let collections: [String: GroupResource] = [
        "ReplicationController": GroupResource(group: "", resource: "replicationcontrollers"),
        "ReplicaSet": GroupResource(group: "apps", resource: "replicasets"),
        "StatefulSet": GroupResource(group: "apps", resource: "statefulsets"),
    ]

    /// The selector of `owner`; nil when it is gone or of another kind.
    static func selector(of owner: SchedulingPod.Owner, namespace: String, in storage: any Storage) -> LabelSelector? {
        guard let resource = collections[owner.kind], resource.group == owner.group,
            let object = storage.get(ObjectKey(resource, namespace: namespace, name: owner.name))?.value()
        else { return nil }
        let selector = object["spec"]?["selector"]
        return owner.kind == "ReplicationController"
            ? LabelSelector(matching: selector?.stringMap ?? [:]) : LabelSelector(object: selector)
    }
}
