// SPDX-License-Identifier: Apache-2.0
// Warnings about kinds of volumes that work no more, and about files that hide each other.

import PodiumCodec
import PodiumMachinery

extension PodWarnings {
    static func volumeWarnings(_ volumes: PodField) -> [String] {
        volumes.elements.flatMap { volume in
            retiredSources.filter { volume[$0.name].isSet }.map {
                "\(volume.path.child($0.printedName)): deprecated in v\($0.deprecated), \($0.end)"
            } + claimWarnings(volume["ephemeral"]["volumeClaimTemplate"]["spec"])
        }
    }

    private static let retiredSources: [(name: String, printedName: String, deprecated: String, end: String)] = [
        ("photonPersistentDisk", "photonPersistentDisk", "1.11", "non-functional in v1.16+"),
        ("gitRepo", "gitRepo", "1.11", "and disabled by default in v1.33+"),
        ("scaleIO", "scaleIO", "1.16", "non-functional in v1.22+"),
        ("flocker", "flocker", "1.22", "non-functional in v1.25+"),
        ("storageos", "storageOS", "1.22", "non-functional in v1.25+"),
        ("quobyte", "quobyte", "1.22", "non-functional in v1.25+"),
        ("glusterfs", "glusterfs", "1.25", "non-functional in v1.26+"),
        ("cephfs", "cephfs", "1.28", "non-functional in v1.31+"),
        ("rbd", "rbd", "1.28", "non-functional in v1.31+"),
    ]

    // Kubernetes: pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaimSpec
    private static func claimWarnings(_ claim: PodField) -> [String] {
        ["requests", "limits"].flatMap { fractionWarnings(claim["resources"][$0], "storage") }
    }

    /// Files of one volume that stand at the same place, or one below the other.
    static func overlapWarnings(_ volumes: PodField) -> [String] {
        volumes.elements.flatMap { volume -> [String] in
            let name = FieldError.quoted(volume["name"].text)
            func warn(_ kind: String, _ overlaps: [String]) -> [String] {
                overlaps.map { "volume \(name) (\(kind)): overlapping paths: \($0)" }
            }
            func overlaps(_ source: PodField) -> [String] {
                var seen = PlacedPaths()
                return source["items"].elements.flatMap { seen.add(PlacedPath($0["path"].text, nil)) }
            }
            let configMap = FieldError.quoted(volume["configMap"]["name"].text)
            let secret = FieldError.quoted(volume["secret"]["secretName"].text)
            return warn("ConfigMap \(configMap)", overlaps(volume["configMap"]))
                + warn("Secret \(secret)", overlaps(volume["secret"]))
                + warn("DownwardAPI", overlaps(volume["downwardAPI"]))
                + projectedOverlaps(volume["projected"], name).flatMap { warning, isOverlap in
                    isOverlap ? warn("Projected", [warning]) : [warning]
                }
        }
    }

    private static func projectedOverlaps(_ projected: PodField, _ name: String) -> [(String, isOverlap: Bool)] {
        var seen = PlacedPaths()
        var paths: [PlacedPath] = []
        return projected["sources"].elements.flatMap { source -> [(String, isOverlap: Bool)] in
            if source.count == 0 { return [("volume \(name) (Projected) has no sources provided", false)] }
            func items(_ source: PodField, _ kind: String) -> [PlacedPath] {
                source["items"].elements.map { PlacedPath($0["path"].text, kind) }
            }
            // As upstream does, a source without items is compared with the paths of the one before it.
            if source["configMap"]["items"].isSet {
                paths = items(source["configMap"], "ConfigMap \(FieldError.quoted(source["configMap"]["name"].text))")
            } else if source["secret"]["items"].isSet {
                paths = items(source["secret"], "Secret \(FieldError.quoted(source["secret"]["name"].text))")
            } else if source["downwardAPI"]["items"].isSet {
                paths = items(source["downwardAPI"], "DownwardAPI")
            } else if source["serviceAccountToken"].isSet {
                paths = [PlacedPath(source["serviceAccountToken"]["path"].text, "ServiceAccountToken")]
            }
            return paths.flatMap { seen.add($0) }.map { ($0, true) }
        }
    }
}
