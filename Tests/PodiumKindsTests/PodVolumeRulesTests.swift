// SPDX-License-Identifier: Apache-2.0
// What volumes may say, and where containers may mount them.

import PodiumAPIServer
import PodiumKindTesting
import Testing

struct PodVolumeRulesTests {
    private static func volume(_ source: String) -> String { PodFixture.volume(source) }

    private static func mounts(_ mounts: String) -> String {
        #"{"volumes":[{"name":"v"}],"containers":[{"name":"c","image":"i","volumeMounts":[\#(mounts)]}]}"#
    }

    static let sources: [PodRule] = [
        PodRule(
            #"{"volumes":[{"name":""},{"name":"a"},{"name":"a"}]}"#,
            "spec.volumes[0].name: Required value",
            #"spec.volumes[2].name: Duplicate value: "a""#
        ),
        PodRule(
            volume(#""emptyDir":{},"hostPath":{"path":"/"}"#),
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"
        ),
        PodRule(volume(#""hostPath":{"path":""}"#), "spec.volumes[0].hostPath.path: Required value"),
        PodRule(
            volume(#""hostPath":{"path":"/a/../b","type":"Bogus"}"#),
            #"spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'"#,
            #"spec.volumes[0].hostPath.type: Unsupported value: "Bogus": supported values: "", "BlockDevice", "#
                + #""CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket""#
        ),
        PodRule(volume(#""secret":{}"#), "spec.volumes[0].secret.secretName: Required value"),
        PodRule(
            volume(#""configMap":{"name":"c","items":[{"key":"","path":"/a"}]}"#),
            "spec.volumes[0].configMap.items[0].key: Required value",
            #"spec.volumes[0].configMap.items[0].path: Invalid value: "/a": must be a relative path"#
        ),
        PodRule(
            volume(#""secret":{"secretName":"s","defaultMode":1000}"#),
            "spec.volumes[0].secret.defaultMode: Invalid value: 1000: "
                + "must be a number between 0 and 0777 (octal), both inclusive"
        ),
        PodRule(
            volume(#""nfs":{"server":"","path":"a"}"#),
            "spec.volumes[0].nfs.server: Required value",
            #"spec.volumes[0].nfs.path: Invalid value: "a": must be an absolute path"#
        ),
        PodRule(
            volume(#""iscsi":{"targetPortal":"a","iqn":"bogus","lun":256}"#),
            #"spec.volumes[0].iscsi.iqn: Invalid value: "bogus": must be valid format starting with iqn, eui, or naa"#,
            "spec.volumes[0].iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive"
        ),
        PodRule(
            volume(#""persistentVolumeClaim":{}"#),
            "spec.volumes[0].persistentVolumeClaim.claimName: Required value"
        ),
        PodRule(
            volume(#""csi":{"driver":"A_B"}"#),
            #"spec.volumes[0].csi.driver: Invalid value: "A_B": a lowercase RFC 1123 subdomain must consist of lower "#
                + "case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character "
                + "(e.g. 'example.com', regex used for validation is "
                + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        ),
        PodRule(
            volume(#""azureDisk":{"diskName":"d","diskURI":"u"}"#),
            #"spec.volumes[0].azureDisk.diskURI: Unsupported value: "u": supported values: "#
                + #""https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd""#
        ),
        PodRule(
            volume(#""projected":{"sources":[{"serviceAccountToken":{"path":"t","expirationSeconds":1}}]}"#),
            "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: "
                + "may not specify a duration less than 10 minutes",
            "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: "
                + "must not be specified when serviceAccountName is not set"
        ),
        PodRule(
            volume(#""downwardAPI":{"items":[{"path":"a"}]}"#),
            #"spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"#
        ),
        PodRule(
            volume(#""ephemeral":{}"#),
            "spec.volumes[0].ephemeral.volumeClaimTemplate: Required value"
        ),
    ]

    static let places: [PodRule] = [
        PodRule(mounts(#"{"name":"v","mountPath":"/a"}"#)),
        PodRule(
            mounts(#"{"name":"w","mountPath":""}"#),
            #"spec.containers[0].volumeMounts[0].name: Not found: "w""#,
            "spec.containers[0].volumeMounts[0].mountPath: Required value"
        ),
        PodRule(
            mounts(#"{"name":"v","mountPath":"/a"},{"name":"v","mountPath":"/a"}"#),
            #"spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique"#
        ),
        PodRule(
            mounts(#"{"name":"v","mountPath":"/a","subPath":"/b"}"#),
            #"spec.containers[0].volumeMounts.subPath: Invalid value: "/b": must be a relative path"#
        ),
        PodRule(
            mounts(#"{"name":"v","mountPath":"/a","subPath":"b","subPathExpr":"b"}"#),
            #"spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "b": "#
                + "subPathExpr and subPath are mutually exclusive"
        ),
        PodRule(
            mounts(#"{"name":"v","mountPath":"/a","mountPropagation":"Bidirectional"}"#),
            "spec.containers[0].volumeMounts.mountPropagation: Forbidden: "
                + "Bidirectional mount propagation is available only to privileged containers"
        ),
        PodRule(
            #"{"containers":[{"name":"c","image":"i","volumeDevices":[{"name":"w","devicePath":"/a"}]}]}"#,
            #"spec.containers[0].volumeDevices[0].name: Not found: "w""#
        ),
    ]

    @Test(arguments: sources + places)
    func volumesFollowTheirRules(_ rule: PodRule) throws {
        let problems = try PodFixture.problems(rule.spec)
        #expect(problems == rule.problems)
    }
}
