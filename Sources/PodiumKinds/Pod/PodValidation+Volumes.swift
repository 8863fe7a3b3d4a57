// SPDX-License-Identifier: Apache-2.0
// Rules of volumes: their names, and that each has one source.

import PodiumCodec
import PodiumMachinery
import PodiumPodModel

extension PodValidation {
    /// The volumes that are right, by name, and what is wrong with the others.
    func volumes(_ volumes: PodField, podName: String) -> ([String: PodField], [FieldError]) {
        let elements = volumes.elements
        // Claims that will be made for this pod; without its name nobody knows theirs.
        let made = Set(
            elements.filter { !podName.isEmpty && $0["ephemeral"].isSet }.map {
                VolumeClaim.name(ofEphemeral: $0["name"].text, of: podName)
            }
        )
        var good: [String: PodField] = [:]
        var errors: [FieldError] = []
        for volume in elements {
            let name = volume["name"]
            var own = sourceErrors(volume, podName: podName)
            own += name.text.isEmpty ? [name.required()] : name.dnsLabelErrors
            if good[name.text] != nil { own.append(name.duplicate()) }
            if own.isEmpty { good[name.text] = volume }
            errors += own
            let claim = volume["persistentVolumeClaim"]["claimName"]
            if volume["persistentVolumeClaim"].isSet, made.contains(claim.text) {
                errors.append(claim.invalid("must not reference a PVC that gets created for an ephemeral volume"))
            }
        }
        return (good, errors)
    }

    private func sourceErrors(_ volume: PodField, podName: String) -> [FieldError] {
        var errors: [FieldError] = []
        var count = 0
        for source in Self.sources where volume[source.name].isSet {
            if count > 0 {
                let path = volume.path.child(source.forbiddenName ?? source.name)
                errors.append(.forbidden(path, "may not specify more than 1 volume type"))
            } else {
                let field = volume[source.name].placed(at: volume.path.child(source.place ?? source.name))
                errors += source.rule(self)(field)
                if source.name == "ephemeral" { errors += claimNameErrors(volume, podName) }
            }
            count += 1
            if source.name == "iscsi" { errors += initiatorErrors(volume) }
        }
        return count == 0 ? [volume.required("must specify a volume type")] : errors
    }

    private struct Source: Sendable {
        let name: String
        /// The name that upstream blames when there is another source already, where it differs.
        var forbiddenName: String?
        /// The place that upstream blames for the source's own rules, where it differs.
        var place: String?
        let rule: @Sendable (PodValidation) -> (PodField) -> [FieldError]
    }

    /// In upstream's order.
    private static let sources: [Source] = [
        Source(name: "emptyDir") { $0.emptyDirErrors },
        Source(name: "hostPath") { $0.hostPathErrors },
        Source(name: "gitRepo") { $0.gitRepoErrors },
        Source(name: "gcePersistentDisk", place: "persistentDisk") { $0.partitionedDiskErrors("pdName") },
        Source(name: "awsElasticBlockStore") { $0.partitionedDiskErrors("volumeID") },
        Source(name: "secret") { $0.filesErrors(naming: "secretName") },
        Source(name: "nfs") { $0.nfsErrors },
        Source(name: "iscsi") { $0.iscsiErrors },
        Source(name: "glusterfs") { $0.requiring("endpoints", "path") },
        Source(name: "flocker") { $0.flockerErrors },
        Source(name: "persistentVolumeClaim") { $0.requiring("claimName") },
        Source(name: "rbd") { $0.requiring("monitors", "image") },
        Source(name: "cinder") { $0.cinderErrors },
        Source(name: "cephfs", forbiddenName: "cephFS") { $0.requiring("monitors") },
        Source(name: "quobyte") { $0.quobyteErrors },
        Source(name: "downwardAPI", forbiddenName: "downwarAPI") { $0.downwardAPIErrors },
        Source(name: "fc") { $0.fibreChannelErrors },
        Source(name: "flexVolume") { $0.flexErrors },
        Source(name: "configMap") { $0.filesErrors(naming: "name") },
        Source(name: "azureFile") { $0.requiring("secretName", "shareName") },
        Source(name: "vsphereVolume") { $0.requiring("volumePath") },
        Source(name: "photonPersistentDisk") { $0.requiring("pdID") },
        Source(name: "portworxVolume") { $0.requiring("volumeID") },
        Source(name: "azureDisk") { $0.azureDiskErrors },
        Source(name: "storageos") { $0.storageOSErrors },
        Source(name: "projected") { $0.projectedErrors },
        Source(name: "scaleIO") { $0.requiring("gateway", "system", "volumeName") },
        Source(name: "csi") { $0.csiErrors },
        Source(name: "ephemeral") { $0.ephemeralErrors },
        Source(name: "image") { $0.imageVolumeErrors },
    ]

    /// The rule that texts or lists must not be empty.
    private func requiring(_ names: String...) -> (PodField) -> [FieldError] {
        { source in
            names.compactMap { name in
                let field = source[name]
                return field.text.isEmpty && field.count == 0 ? field.required() : nil
            }
        }
    }

    private func initiatorErrors(_ volume: PodField) -> [FieldError] {
        let disk = volume["iscsi"]
        let name = volume["name"]
        guard disk["initiatorName"].isSet, "\(name.text):\(disk["targetPortal"].text)".utf8.count > 64 else {
            return []
        }
        let text =
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
            + "if iscsi.initiatorName is specified."
        return [name.invalid(text)]
    }

    private func claimNameErrors(_ volume: PodField, _ podName: String) -> [FieldError] {
        let name = volume["name"]
        guard !podName.isEmpty, !name.text.isEmpty else { return [] }
        let claim = "\(podName)-\(name.text)"
        let details = NameValidation.dns1123Subdomain(claim)
        return name.invalid(each: details.map { "PVC name \(FieldError.quoted(claim)): \($0)" })
    }
}
