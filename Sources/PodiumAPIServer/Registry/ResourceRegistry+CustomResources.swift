// SPDX-License-Identifier: Apache-2.0
// The collections that a CustomResourceDefinition adds to the API.

package import PodiumCodec
import PodiumMachinery

extension ResourceDefinition {
    /// The collections that `object`, a valid CustomResourceDefinition, serves: one for each version that is served.
    ///
    /// Its names are taken from the spec: whether they were accepted is for the caller to know.
    // Kubernetes: apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go
    package static func custom(_ object: JSONValue) -> [ResourceDefinition] {
        let spec = object["spec"] ?? .emptyObject
        let versions = spec.list("versions")
        let stored = versions.first { $0.flag("storage") }?.text("name")
        return versions.filter { $0.flag("served") }.map { version in
            custom(version, of: spec, storedVersion: stored ?? version.text("name"))
        }
    }

    private static func custom(_ version: JSONValue, of spec: JSONValue, storedVersion: String) -> ResourceDefinition {
        let group = spec.text("group")
        let kind = spec.text("names", "kind")
        let gvr = GroupVersionResource(
            group: group,
            version: version.text("name"),
            resource: spec.text("names", "plural")
        )
        return ResourceDefinition(
            gvr: gvr,
            kind: kind,
            singular: spec.text("names", "singular", or: kind.lowercased()),
            listKind: spec.text("names", "listKind", or: "\(kind)List"),
            isNamespaced: spec.text("scope") == "Namespaced",
            verbs: [.delete, .deletecollection, .get, .list, .patch, .create, .update, .watch],
            shortNames: spec.texts("names", "shortNames"),
            categories: spec.texts("names", "categories"),
            subresources: subresources(version, GroupVersionKind(group: group, version: gvr.version, kind: kind)),
            storedAs: GroupVersionKind(group: group, version: storedVersion, kind: kind),
            additionalPrinterColumns: version.list("additionalPrinterColumns").map(AdditionalPrinterColumn.init),
            openAPISchema: version.at(["schema", "openAPIV3Schema"]) ?? .null,
            isCustom: true
        )
    }

    private static func subresources(_ version: JSONValue, _ gvk: GroupVersionKind) -> [SubresourceDefinition] {
        var subresources: [SubresourceDefinition] = []
        if version.at(["subresources", "status"]) != nil {
            subresources.append(SubresourceDefinition(name: "status", gvk: gvk))
        }
        if version.at(["subresources", "scale"]) != nil {
            let scale = GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale")
            subresources.append(SubresourceDefinition(name: "scale", gvk: scale, isForeign: true))
        }
        return subresources
    }
}

extension AdditionalPrinterColumn {
    fileprivate init(_ column: JSONValue) {
        self.init(
            name: column.text("name"),
            type: column.text("type"),
            format: column.text("format"),
            description: column.text("description"),
            priority: Int(column.number("priority")),
            jsonPath: column.text("jsonPath")
        )
    }
}
