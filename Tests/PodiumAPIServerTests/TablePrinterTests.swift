// SPDX-License-Identifier: Apache-2.0
// Tables of the other kinds, their frame, ages and partial metadata.

import PodiumAPIServer
import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import Testing

struct TablePrinterTests {
    private static let now = Timestamp(rfc3339: "2026-01-01T00:00:00Z") ?? Timestamp(seconds: 0)
    private let registry = ResourceRegistry.builtIn()

    private func printer(_ resource: String, include: TableInclude = .metadata) throws -> TablePrinter {
        let parts = resource.split(separator: ".", maxSplits: 1).map(String.init)
        let name = GroupResource(group: parts.count > 1 ? parts[1] : "", resource: parts[0])
        return TablePrinter(try #require(registry.resource(name)), include: include)
    }

    @Test(arguments: [
        ("0s", 0), ("0s", -1), ("<invalid>", -2), ("119s", 119), ("2m", 120), ("2m1s", 121), ("10m", 600), ("10m", 659),
        ("179m", 10_799), ("3h", 10_800), ("7h59m", 28_799), ("8h", 28_800), ("47h", 172_799), ("2d", 172_800),
        ("2d5h", 190_800), ("7d23h", 691_199), ("8d", 691_200), ("729d", 63_071_999), ("2y", 63_072_000),
        ("2y10d", 63_936_000), ("8y", 252_288_000), ("20y", 630_720_000),
    ])
    func agesGetRougherWithTime(text: String, seconds: Int) {
        #expect(HumanDuration.text(.seconds(seconds)) == text)
    }

    @Test(arguments: [
        ("configmaps", "{\"data\":{\"a\":\"1\"},\"binaryData\":{\"b\":\"AA==\"}}", "[\"x\",2,\"1h0m\"]"),
        ("secrets", "{\"type\":\"Opaque\",\"data\":{\"a\":\"\"}}", "[\"x\",\"Opaque\",1,\"60m\"]"),
        ("namespaces", "{\"status\":{\"phase\":\"Active\"}}", "[\"x\",\"Active\",\"60m\"]"),
        (
            "services",
            """
            {"spec":{"type":"NodePort","clusterIPs":["10.96.0.7"],
            "ports":[{"port":80,"nodePort":30080,"protocol":"TCP"},{"port":53,"protocol":"UDP"}],
            "selector":{"b":"2","a":"1"}}}
            """,
            "[\"x\",\"NodePort\",\"10.96.0.7\",\"<none>\",\"80:30080/TCP,53/UDP\",\"60m\",\"a=1,b=2\"]"
        ),
        (
            "services",
            "{\"spec\":{\"type\":\"LoadBalancer\"}}",
            "[\"x\",\"LoadBalancer\",\"<none>\",\"<pending>\",\"<none>\",\"60m\",\"<none>\"]"
        ),
        (
            "services",
            "{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"e.com\"}}",
            "[\"x\",\"ExternalName\",\"<none>\",\"e.com\",\"<none>\",\"60m\",\"<none>\"]"
        ),
        (
            "endpoints",
            """
            {"subsets":[{"addresses":[{"ip":"10.0.0.1"},{"ip":"fd00::1"}],"ports":[{"port":80},{"port":81}]}]}
            """,
            "[\"x\",\"10.0.0.1:80,[fd00::1]:80,10.0.0.1:81 + 1 more...\",\"60m\"]"
        ),
        (
            "nodes",
            """
            {"metadata":{"name":"x","labels":{"node-role.kubernetes.io/worker":"","kubernetes.io/role":"edge"}},
            "spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"Unknown"}],
            "nodeInfo":{"kubeletVersion":"v1.36.2","kernelVersion":"6.1","architecture":"arm64"},
            "addresses":[{"type":"InternalIP","address":"10.0.0.5"}]}}
            """,
            """
            ["x","NotReady,SchedulingDisabled","edge,worker","<unknown>","v1.36.2","10.0.0.5","<none>","<unknown>",
            "6.1 (arm64)","<unknown>"]
            """
        ),
        (
            "deployments.apps",
            """
            {"spec":{"replicas":3,"selector":{"matchLabels":{"b":"c"},"matchExpressions":[{"key":"a","operator":"In",
            "values":["z","y"]}]},
            "template":{"spec":{"containers":[{"name":"c","image":"i"},{"name":"d","image":"j"}]}}},
            "status":{"readyReplicas":2,"updatedReplicas":1,"availableReplicas":2}}
            """,
            "[\"x\",\"2/3\",1,2,\"60m\",\"c,d\",\"i,j\",\"a in (y,z),b=c\"]"
        ),
        (
            "jobs.batch",
            """
            {"spec":{"completions":3,"template":{}},"status":{"succeeded":3,"startTime":"2025-12-31T23:00:00Z",
            "completionTime":"2025-12-31T23:10:00Z","conditions":[{"type":"Complete","status":"True"}]}}
            """,
            "[\"x\",\"Complete\",\"3/3\",\"10m\",\"60m\",\"\",\"\",\"<none>\"]"
        ),
        (
            "events",
            """
            {"type":"Warning","reason":"R","message":" m ","involvedObject":{"kind":"Pod","name":"p"},
            "source":{"component":"k","host":"h"},"firstTimestamp":"2025-12-31T23:59:00Z",
            "lastTimestamp":"2025-12-31T23:59:55Z","count":3}
            """,
            "[\"5s\",\"Warning\",\"R\",\"pod/p\",\"\",\"k, h\",\"m\",\"60s\",3,\"x\"]"
        ),
        (
            "events.events.k8s.io",
            """
            {"type":"Normal","reason":"R","note":"n","regarding":{"kind":"Node","name":"o"},
            "reportingController":"c","reportingInstance":"i","eventTime":"2025-12-31T23:59:00.000000Z"}
            """,
            "[\"60s\",\"Normal\",\"R\",\"node/o\",\"\",\"c, i\",\"n\",\"60s\",1,\"x\"]"
        ),
        (
            "resourcequotas",
            """
            {"status":{"hard":{"pods":"4","limits.cpu":"2","cpu":"1"},"used":{"pods":"1"}}}
            """,
            "[\"x\",\"cpu: 0/1, pods: 1/4\",\"limits.cpu: 0/2\",\"60m\"]"
        ),
        (
            "persistentvolumeclaims",
            """
            {"spec":{"volumeName":"v","storageClassName":"s","volumeMode":"Filesystem"},"status":{"phase":"Bound",
            "accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"}}}
            """,
            "[\"x\",\"Bound\",\"v\",\"1Gi\",\"RWO\",\"s\",\"<unset>\",\"60m\",\"Filesystem\"]"
        ),
        ("roles.rbac.authorization.k8s.io", "{}", "[\"x\",\"2025-12-31T23:00:00Z\"]"),
        (
            "horizontalpodautoscalers.autoscaling",
            """
            {"spec":{"scaleTargetRef":{"kind":"Deployment","name":"d"},"maxReplicas":5,"metrics":[{"type":"Resource",
            "resource":{"name":"cpu","target":{"averageUtilization":80}}}]},"status":{"currentReplicas":2}}
            """,
            "[\"x\",\"Deployment/d\",\"cpu: <unknown>/80%\",\"<unset>\",5,2,\"60m\"]"
        ),
    ])
    func showsEachKindInItsOwnColumns(resource: String, object: String, cells: String) throws {
        var object = try JSONValue(json: object)
        if object["metadata"] == nil {
            object["metadata"] = ["name": "x", "creationTimestamp": "2025-12-31T23:00:00Z"]
        }
        let wanted = try JSONValue(json: cells.replacing("1h0m", with: "60m"))
        let table = try printer(resource).table(object, now: Self.now)
        #expect(table["rows"]?.elements.first?["cells"] == wanted)
        #expect(table["columnDefinitions"]?.elements.count == wanted.elements.count)
    }

    @Test func everyKindHasAsManyCellsAsColumns() throws {
        for definition in registry.definitions {
            let table = TablePrinter(definition).table([:], now: Self.now)
            let columns = table["columnDefinitions"]?.elements ?? []
            #expect(table["rows"]?.elements.first?["cells"]?.elements.count == columns.count, "\(definition.gvr)")
            #expect(columns.allSatisfy { $0["description"]?.string?.isEmpty == false }, "\(definition.gvr)")
            #expect(columns.contains { $0["format"] == "name" }, "\(definition.gvr)")
        }
        #expect(TablePrinter.scale().table([:], now: Self.now)["columnDefinitions"]?.elements.count == 4)
    }

    @Test func theFrameNamesTheListAndItsRest() throws {
        let metadata = ListMetadata(resourceVersion: "9", continueToken: "abc", remainingItemCount: 4)
        let table = try printer("configmaps", include: .none).table([[:]], metadata: metadata, now: Self.now)
        #expect(table["kind"] == "Table")
        #expect(table["apiVersion"] == "meta.k8s.io/v1")
        #expect(table["metadata"] == ["resourceVersion": "9", "continue": "abc", "remainingItemCount": 4])
        #expect(table["rows"]?.elements.first?["object"] == .null)
    }

    @Test func aRowHoldsAsMuchOfTheObjectAsWasAskedFor() throws {
        let object: JSONValue = ["kind": "ConfigMap", "metadata": ["name": "x", "resourceVersion": "3"], "data": [:]]
        let whole = try printer("configmaps", include: .object).table(object, now: Self.now)
        #expect(whole["rows"]?.elements.first?["object"] == object)
        #expect(whole["metadata"] == ["resourceVersion": "3"])
        let partial = try printer("configmaps").table(object, now: Self.now)
        #expect(
            partial["rows"]?.elements.first?["object"] == [
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": ["name": "x", "resourceVersion": "3"],
            ]
        )
    }

    @Test func laterEventsOfAWatchHaveNoColumns() throws {
        let table = try printer("configmaps").table([:], now: Self.now, showsColumns: false)
        #expect(table["columnDefinitions"] == .null)
    }

    @Test func aListCanBeWrittenInPieces() throws {
        let printer = try printer("configmaps")
        let metadata = ListMetadata(resourceVersion: "9")
        let rows = [["metadata": ["name": "a"]], ["metadata": ["name": "b"]]] as [JSONValue]
        let pieces = rows.map { printer.row($0, now: Self.now).encoded() }
        let text = printer.head(metadata: metadata) + pieces.joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)
        #expect(try JSONValue(json: text) == printer.table(rows, metadata: metadata, now: Self.now))
    }

    @Test func includeObjectIsReadAsItIsWritten() throws {
        #expect(try TableInclude(parameter: nil) == .metadata)
        #expect(try TableInclude(parameter: "Object") == .object)
        let error = #expect(throws: StatusError.self) { try TableInclude(parameter: "Bogus") }
        #expect(error?.code == 400)
    }

    // MARK: Partial metadata

    @Test func metadataAloneIsAllThatPartialObjectsHave() {
        let object: JSONValue = ["kind": "Pod", "apiVersion": "v1", "metadata": ["name": "p"], "spec": [:]]
        #expect(
            PartialMetadata.list([object], metadata: ListMetadata(resourceVersion: "5"), version: "v1beta1") == [
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1beta1",
                "metadata": ["resourceVersion": "5"],
                "items": [
                    ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1beta1", "metadata": ["name": "p"]]
                ],
            ]
        )
    }

    @Test func listsAndObjectsAreNotMixedUp() throws {
        let pods = try #require(registry.resource(.pods))
        let error = #expect(throws: StatusError.self) {
            try PartialMetadata.check(.partialMetadata(version: "v1"), isList: true, pods)
        }
        #expect(
            error?.message == "you requested PartialObjectMetadata, but the requested object is a list (*core.PodList)"
        )
        let other = #expect(throws: StatusError.self) {
            try PartialMetadata.check(.partialMetadataList(version: "v1"), isList: false, pods)
        }
        #expect(
            other?.message
                == "you requested PartialObjectMetadataList, but the requested object is not a list (*core.Pod)"
        )
        try PartialMetadata.check(.partialMetadata(version: "v1"), isList: false, pods)
        try PartialMetadata.check(.table(version: "v1"), isList: true, pods)
    }
}
