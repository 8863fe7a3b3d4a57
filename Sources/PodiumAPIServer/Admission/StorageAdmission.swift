// SPDX-License-Identifier: Apache-2.0
// Default classes of claims and ingresses, and finalizers that keep volumes while they are in use.

package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Keeps volumes and claims until nothing uses them.
// Kubernetes: plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go
package struct StorageObjectInUseProtection: AdmissionPlugin {
    package let name = "StorageObjectInUseProtection"

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.operation == .create, attributes.subresource.isEmpty,
            let finalizer = InUseProtection.finalizer(of: attributes.resource.groupResource).map(JSONValue.string)
        else { return }
        let given = object[path: "metadata", "finalizers"]?.elements ?? []
        guard !given.contains(finalizer) else { return }
        object[path: "metadata", "finalizers"] = .array(given + [finalizer])
    }
}

/// The class that objects get when they name none.
private enum DefaultClass {
    /// The newest of the classes that are annotated as default; among equally old ones the first by name.
    static func name(
        _ classes: GroupResource,
        annotation: String,
        _ context: StrategyContext
    ) throws(StatusError) -> String? {
        let defaults = try context.storage.objects(of: classes).map { $0.value() }.filter {
            $0[path: "metadata", "annotations", annotation]?.string == "true"
        }
        func age(_ object: JSONValue) -> String { object[path: "metadata", "creationTimestamp"]?.string ?? "" }
        guard let newest = defaults.map(age).max() else { return nil }
        return defaults.first { age($0) == newest }?[path: "metadata", "name"]?.string
    }
}

/// Gives claims without a class the default one.
// Kubernetes: plugin/pkg/admission/storage/storageclass/setdefault/admission.go
package struct DefaultStorageClass: AdmissionPlugin {
    package let name = "DefaultStorageClass"

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        let oldAnnotation = "volume.beta.kubernetes.io/storage-class"
        guard attributes.isOn(.persistentVolumeClaims, .create), !(object["spec"] ?? .null).isSet("storageClassName"),
            object[path: "metadata", "annotations", oldAnnotation] == nil
        else { return }
        let annotation = "storageclass.kubernetes.io/is-default-class"
        guard let name = try DefaultClass.name(.storageClasses, annotation: annotation, context) else { return }
        object[path: "spec", "storageClassName"] = .string(name)
    }
}

/// Gives ingresses without a class the default one.
// Kubernetes: plugin/pkg/admission/network/defaultingressclass/admission.go
package struct DefaultIngressClass: AdmissionPlugin {
    package let name = "DefaultIngressClass"

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        let ingresses = GroupResource(group: "networking.k8s.io", resource: "ingresses")
        guard attributes.isOn(ingresses, .create), !(object["spec"] ?? .null).isSet("ingressClassName"),
            object[path: "metadata", "annotations", "kubernetes.io/ingress.class"] == nil
        else { return }
        let classes = GroupResource(group: "networking.k8s.io", resource: "ingressclasses")
        let annotation = "ingressclass.kubernetes.io/is-default-class"
        guard let name = try DefaultClass.name(classes, annotation: annotation, context) else { return }
        object[path: "spec", "ingressClassName"] = .string(name)
    }
}
