// SPDX-License-Identifier: Apache-2.0
// The defaults of volumes, source by source.

import PodiumCodec

extension PodSpecDefaults {
    /// `0644`, the mode of projected files.
    private static let fileMode: JSONValue = 420

    static func apply(toVolume volume: inout JSONValue) {
        if hasNoSource(volume) { volume["emptyDir"] = .emptyObject }
        for source in ["secret", "configMap"] { volume.updateMember(source) { setMode(&$0) } }
        volume.updateMember("downwardAPI") { source in
            setMode(&source)
            source.updateElements(of: "items") { apply(toSource: &$0) }
        }
        volume.updateMember("projected") { apply(toProjected: &$0) }
        volume.updateMember("hostPath") { if !$0.isSet("type") { $0["type"] = "" } }
        volume.updateMember("image") { image in
            image.setDefault("pullPolicy", .string(pullPolicy(of: image["reference"]?.string ?? "")))
        }
        volume.updateMember("ephemeral") { source in
            source.updateMember("volumeClaimTemplate") { template in
                template.updateMember("spec") { claim in
                    if !claim.isSet("volumeMode") { claim["volumeMode"] = "Filesystem" }
                    claim.updateMember("resources") { apply(toResources: &$0) }
                }
            }
        }
        applyToDisks(&volume)
    }

    private static func applyToDisks(_ volume: inout JSONValue) {
        volume.updateMember("iscsi") { $0.setDefault("iscsiInterface", "default") }
        volume.updateMember("rbd") { disk in
            disk.setDefault("pool", "rbd")
            disk.setDefault("user", "admin")
            disk.setDefault("keyring", "/etc/ceph/keyring")
        }
        volume.updateMember("azureDisk") { disk in
            if !disk.isSet("cachingMode") { disk["cachingMode"] = "ReadWrite" }
            if !disk.isSet("kind") { disk["kind"] = "Shared" }
            if !disk.isSet("fsType") { disk["fsType"] = "ext4" }
            if !disk.isSet("readOnly") { disk["readOnly"] = false }
        }
        volume.updateMember("scaleIO") { disk in
            disk.setDefault("storageMode", "ThinProvisioned")
            disk.setDefault("fsType", "xfs")
        }
    }

    private static func apply(toProjected volume: inout JSONValue) {
        setMode(&volume)
        volume.updateElements(of: "sources") { source in
            source.updateMember("serviceAccountToken") {
                if !$0.isSet("expirationSeconds") { $0["expirationSeconds"] = 3600 }
            }
            source.updateMember("downwardAPI") { files in
                files.updateElements(of: "items") { apply(toSource: &$0) }
            }
        }
    }

    private static func setMode(_ source: inout JSONValue) {
        if !source.isSet("defaultMode") { source["defaultMode"] = fileMode }
    }

    private static func hasNoSource(_ volume: JSONValue) -> Bool {
        guard let members = volume.object else { return true }
        return !members.contains { name, value in name != "name" && !value.isNull }
    }
}
