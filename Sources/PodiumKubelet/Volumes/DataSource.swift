// SPDX-License-Identifier: Apache-2.0
// The objects that volumes and variables are made of, and which volumes use which.

import PodiumCodec

/// The two kinds of objects that volumes and variables are made of.
enum DataSource: Hashable, Sendable {
    case configMap
    case secret

    /// As messages about missing objects name it.
    var noun: String { self == .configMap ? "configmap" : "secret" }
    /// As messages about missing keys name it.
    var kind: String { self == .configMap ? "ConfigMap" : "Secret" }
    /// The member of a volume, or of a source of a projected volume.
    var member: String { self == .configMap ? "configMap" : "secret" }
}

extension VolumeSpec {
    /// Whether the content follows objects of the API while the pod runs.
    var isLive: Bool { kind == "configMap" || kind == "secret" || kind == "projected" || kind == "downwardAPI" }

    /// Whether the volume shows the pod's own fields.
    var showsPod: Bool {
        kind == "downwardAPI" || (source["sources"]?.elements ?? []).contains { $0["downwardAPI"] != nil }
    }

    /// Whether the content comes from that object.
    func uses(_ object: DataSource, _ name: String) -> Bool {
        if kind == object.member { return (source["name"] ?? source["secretName"])?.string == name }
        return (source["sources"]?.elements ?? []).contains { $0[object.member]?["name"]?.string == name }
    }
}
