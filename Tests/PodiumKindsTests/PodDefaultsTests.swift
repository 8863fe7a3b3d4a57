// SPDX-License-Identifier: Apache-2.0
// What a pod gets when its client says nothing.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import Testing

struct PodDefaultsTests {
    /// A spec, a place in the pod, and what stands there with defaults.
    typealias Row = (spec: String, place: String, value: String)

    private static func container(_ members: String) -> String { PodFixture.container(members) }
    private static func volume(_ source: String) -> String { PodFixture.volume(source) }

    static let ofPods: [Row] = [
        ("{}", "spec/restartPolicy", #""Always""#),
        ("{}", "spec/dnsPolicy", #""ClusterFirst""#),
        ("{}", "spec/schedulerName", #""default-scheduler""#),
        ("{}", "spec/terminationGracePeriodSeconds", "30"),
        (#"{"terminationGracePeriodSeconds":0}"#, "spec/terminationGracePeriodSeconds", "0"),
        (#"{"terminationGracePeriodSeconds":-5}"#, "spec/terminationGracePeriodSeconds", "1"),
        ("{}", "spec/securityContext", "{}"),
        ("{}", "spec/enableServiceLinks", "true"),
        (#"{"enableServiceLinks":false}"#, "spec/enableServiceLinks", "false"),
        (#"{"serviceAccount":"a"}"#, "spec/serviceAccountName", #""a""#),
        (#"{"serviceAccountName":"a","serviceAccount":"b"}"#, "spec/serviceAccount", #""a""#),
        (#"{"overhead":{"cpu":"1500u"}}"#, "spec/overhead/cpu", #""2m""#),
    ]

    static let ofContainers: [Row] = [
        ("{}", "spec/containers/0/imagePullPolicy", #""IfNotPresent""#),
        (#"{"containers":[{"name":"c","image":"img"}]}"#, "spec/containers/0/imagePullPolicy", #""Always""#),
        ("{}", "spec/containers/0/terminationMessagePath", #""/dev/termination-log""#),
        ("{}", "spec/containers/0/terminationMessagePolicy", #""File""#),
        ("{}", "spec/containers/0/resources", "{}"),
        (container(#""ports":[{"containerPort":80}]"#), "spec/containers/0/ports/0/protocol", #""TCP""#),
        (
            container(#""resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}"#),
            "spec/containers/0/resources/requests", #"{"cpu":"500m","memory":"1Gi"}"#
        ),
        (
            container(#""env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]"#),
            "spec/containers/0/env/0/valueFrom/fieldRef/apiVersion", #""v1""#
        ),
        (
            container(#""livenessProbe":{"httpGet":{"port":80}}"#), "spec/containers/0/livenessProbe",
            #"{"httpGet":{"port":80,"path":"/","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"#
                + #""successThreshold":1,"failureThreshold":3}"#
        ),
        (
            container(#""readinessProbe":{"grpc":{"port":80}}"#), "spec/containers/0/readinessProbe/grpc/service",
            #""""#
        ),
        (
            container(#""lifecycle":{"preStop":{"httpGet":{"port":80}}}"#),
            "spec/containers/0/lifecycle/preStop/httpGet/scheme", #""HTTP""#
        ),
        (
            #"{"hostNetwork":true,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}]}]}"#,
            "spec/containers/0/ports/0/hostPort", "80"
        ),
    ]

    static let ofVolumes: [Row] = [
        (#"{"volumes":[{"name":"v"}]}"#, "spec/volumes/0/emptyDir", "{}"),
        (volume(#""hostPath":{"path":"/a"}"#), "spec/volumes/0/hostPath/type", #""""#),
        (volume(#""secret":{"secretName":"s"}"#), "spec/volumes/0/secret/defaultMode", "420"),
        (volume(#""configMap":{"name":"s","defaultMode":0}"#), "spec/volumes/0/configMap/defaultMode", "0"),
        (volume(#""projected":{"sources":[]}"#), "spec/volumes/0/projected/defaultMode", "420"),
        (
            volume(#""projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}"#),
            "spec/volumes/0/projected/sources/0/serviceAccountToken/expirationSeconds", "3600"
        ),
        (
            volume(#""downwardAPI":{"items":[{"path":"a","fieldRef":{"fieldPath":"metadata.name"}}]}"#),
            "spec/volumes/0/downwardAPI/items/0/fieldRef/apiVersion", #""v1""#
        ),
        (
            volume(#""iscsi":{"targetPortal":"a","iqn":"b","lun":1}"#), "spec/volumes/0/iscsi/iscsiInterface",
            #""default""#
        ),
        (
            volume(#""rbd":{"monitors":["m"],"image":"i"}"#), "spec/volumes/0/rbd",
            #"{"monitors":["m"],"image":"i","pool":"rbd","user":"admin","keyring":"/etc/ceph/keyring"}"#
        ),
        (
            volume(#""azureDisk":{"diskName":"a","diskURI":"b"}"#), "spec/volumes/0/azureDisk",
            #"{"diskName":"a","diskURI":"b","cachingMode":"ReadWrite","kind":"Shared","fsType":"ext4","#
                + #""readOnly":false}"#
        ),
        (
            volume(#""scaleIO":{"gateway":"a","system":"b","volumeName":"c"}"#), "spec/volumes/0/scaleIO/fsType",
            #""xfs""#
        ),
        (
            volume(#""ephemeral":{"volumeClaimTemplate":{"spec":{}}}"#),
            "spec/volumes/0/ephemeral/volumeClaimTemplate/spec/volumeMode", #""Filesystem""#
        ),
        (volume(#""image":{"reference":"img"}"#), "spec/volumes/0/image/pullPolicy", #""Always""#),
    ]

    @Test(arguments: ofPods + ofContainers + ofVolumes)
    func defaultsAreFilledIn(_ row: Row) throws {
        let pod = try PodFixture.pod(row.spec)
        let expected = try JSONValue(json: row.value)
        #expect(pod[place: row.place] == expected)
    }

    @Test(arguments: ofPods + ofContainers + ofVolumes)
    func defaultsOfDefaultsChangeNothing(_ row: Row) throws {
        let pod = try PodFixture.pod(row.spec)
        var again = pod
        PodDefaults.apply(to: &again)
        #expect(again == pod)
    }

    /// Workloads keep what only pods decide.
    @Test func templatesKeepLimitsAndPortsToThemselves() throws {
        var spec = try JSONValue(
            json: """
                {"hostNetwork":true,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}],
                "resources":{"limits":{"cpu":"1"}}}]}
                """
        )
        PodSpecDefaults.apply(to: &spec)
        #expect(spec[place: "restartPolicy"] == "Always")
        #expect(spec[place: "enableServiceLinks"] == nil)
        #expect(spec[place: "containers/0/ports/0/hostPort"] == nil)
        #expect(spec[place: "containers/0/resources/requests"] == nil)
    }

    @Test(
        arguments: [
            (#"{"podIP":"10.0.0.1"}"#, #"{"podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"}]}"#),
            (#"{"podIPs":[{"ip":"10.0.0.1"}]}"#, #"{"podIPs":[{"ip":"10.0.0.1"}],"podIP":"10.0.0.1"}"#),
            (
                #"{"podIP":"10.0.0.2","podIPs":[{"ip":"10.0.0.1"},{"ip":"::1"}]}"#,
                #"{"podIP":"10.0.0.2","podIPs":[{"ip":"10.0.0.2"}]}"#
            ),
        ]
    )
    func bothFormsOfTheAddressAgree(_ given: String, _ expected: String) throws {
        let pod = try PodFixture.pod("{}", status: given)
        #expect(try pod["status"] == JSONValue(json: expected))
    }

    @Test func obsoleteInitContainerAnnotationsAreRemoved() throws {
        let pod = try PodFixture.pod(
            "{}",
            annotations: #"{"pod.beta.kubernetes.io/init-containers":"[]","a":"b"}"#
        )
        #expect(pod[place: "metadata/annotations"] == ["a": "b"])
    }
}
