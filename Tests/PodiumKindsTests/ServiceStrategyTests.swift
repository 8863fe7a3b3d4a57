// SPDX-License-Identifier: Apache-2.0
// Services: what they get, what they keep, and what is refused.

import PodiumCodec
import PodiumKindTesting
import PodiumMachinery
import Testing

@Suite struct ServiceStrategyTests {
    let cluster: KindFixture

    init() throws { cluster = try KindFixture() }

    @Test(arguments: ["10.200.0.0/24", "10.200.0.0/28"])
    func everyAddressOfTheRangeIsGivenOutOnceAndThenThereIsNone(range: String) throws {
        let network = try ServiceNetwork(range)
        let cluster = try KindFixture(serviceNetwork: network)
        func create(_ index: Int) throws -> String? {
            let service: JSONValue = ["metadata": ["name": "s\(index)"], "spec": ["ports": [["port": 80]]]]
            return try cluster.create("services", service)[path: "spec", "clusterIP"]?.string
        }
        // The first address is that of the API.
        let all = network.addresses.dropFirst()
        let given = try (0..<all.count).compactMap(create)
        #expect(Set(given) == Set(all.map { IPAddress(ipv4: $0).description }))
        #expect(given.count == all.count)
        #expect(KindFixture.problems { .string(try create(all.count) ?? "") } != [])
        try cluster.delete("services", "s3")
        #expect(try create(all.count) == given[3])
    }

    @Test func plainServicesGetAnAddress() throws {
        let spec = try cluster.create("services", ["spec": ["ports": [["port": 80]], "selector": ["a": "b"]]])["spec"]
        let address = try #require(spec?["clusterIP"]?.string)
        #expect(CIDR("10.96.0.0/16")?.contains(try #require(IPAddress(address))) == true)
        #expect(
            spec == [
                "clusterIP": .string(address), "clusterIPs": [.string(address)], "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "selector": ["a": "b"],
                "ports": [["port": 80, "protocol": "TCP", "targetPort": 80]], "sessionAffinity": "None",
                "type": "ClusterIP",
            ]
        )
    }

    @Test func headlessServicesHaveNoAddress() throws {
        let spec = try cluster.create("services", ["spec": ["clusterIP": "None", "ports": [["port": 80]]]])["spec"]
        #expect(spec?["clusterIPs"] == ["None"])
        #expect(spec?["ipFamilies"] == ["IPv4", "IPv6"])
        #expect(spec?["ipFamilyPolicy"] == "RequireDualStack")
    }

    @Test func addressesAreNotGivenTwice() throws {
        var addresses: Set<String> = []
        for number in 0..<200 {
            let service: JSONValue = ["metadata": ["name": "s\(number)"], "spec": ["ports": [["port": 80]]]]
            let address = try cluster.create("services", service)[path: "spec", "clusterIP"]?.string
            #expect(addresses.insert(try #require(address)).inserted)
        }
        let taken = try #require(addresses.first)
        #expect(
            cluster.problems("services", ["spec": ["clusterIP": .string(taken), "ports": [["port": 80]]]]) == [
                "spec.clusterIPs: Invalid value: [\"\(taken)\"]: failed to allocate IP \(taken): "
                    + "provided IP is already allocated"
            ]
        )
    }

    @Test func portsOfOneNumberShareTheirNodePort() throws {
        let ports: JSONValue = [
            ["name": "a", "port": 53, "protocol": "TCP"], ["name": "b", "port": 53, "protocol": "UDP"],
            ["name": "c", "port": 80, "protocol": "TCP"],
        ]
        let service = try cluster.create("services", ["spec": ["type": "NodePort", "ports": ports]])
        let numbers = (service[path: "spec", "ports"]?.elements ?? []).compactMap { $0["nodePort"]?.int }
        #expect(numbers.count == 3)
        #expect(numbers.allSatisfy { (30000...32767).contains($0) })
        #expect(numbers[0] == numbers[1] && numbers[1] != numbers[2])
    }

    @Test func updatesKeepWhatWasAllocated() throws {
        let before = try cluster.create("services", ["spec": ["type": "NodePort", "ports": [["port": 80]]]])
        let after = try cluster.update("services", ["spec": ["type": "NodePort", "ports": [["port": 80]]]])
        #expect(after["spec"] == before["spec"])
        let plain = try cluster.update("services", ["spec": ["type": "ClusterIP", "ports": [["port": 80]]]])
        #expect(plain[path: "spec", "clusterIP"] == before[path: "spec", "clusterIP"])
        #expect(plain[path: "spec", "ports"]?.elements.first?["nodePort"] == nil)
    }

    @Test func externalNamesGiveTheAddressBack() throws {
        try cluster.create("services", ["spec": ["ports": [["port": 80]]]])
        let after = try cluster.update("services", ["spec": ["type": "ExternalName", "externalName": "q.example.com"]])
        #expect(
            after["spec"] == ["type": "ExternalName", "externalName": "q.example.com", "sessionAffinity": "None"]
        )
    }

    @Test func addressesDoNotChange() throws {
        try cluster.create("services", ["spec": ["ports": [["port": 80]]]])
        let problems = KindFixture.problems {
            try cluster.update("services", ["spec": ["ports": [["port": 80]], "clusterIP": "None"]])
        }
        #expect(problems == ["spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set"])
    }

    @Test(arguments: [
        KindRule(#"{"spec":{}}"#, "spec.ports: Required value"),
        KindRule(#"{"spec":{"type":"ExternalName"}}"#, "spec.externalName: Required value"),
        KindRule(
            #"{"spec":{"ports":[{"port":1},{"port":2}]}}"#,
            "spec.ports[0].name: Required value",
            "spec.ports[1].name: Required value"
        ),
        KindRule(
            #"{"spec":{"ports":[{"port":1,"name":"a"},{"port":1,"name":"b"}]}}"#,
            "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":1,"
                + "\"TargetPort\":0,\"NodePort\":0}"
        ),
        KindRule(
            #"{"spec":{"ports":[{"port":0}]}}"#,
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive"
        ),
        KindRule(
            #"{"spec":{"ipFamilies":["IPv6"],"ports":[{"port":80}]}}"#,
            "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"
        ),
        KindRule(
            #"{"spec":{"clusterIP":"1.2.3.4","ports":[{"port":80}]}}"#,
            "spec.clusterIPs: Invalid value: [\"1.2.3.4\"]: failed to allocate IP 1.2.3.4: "
                + "the provided network does not match the current range"
        ),
        KindRule(
            #"{"spec":{"externalTrafficPolicy":"Local","ports":[{"port":80}]}}"#,
            "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services"
        ),
        KindRule(
            #"{"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":80}]}}"#,
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. "
                + "The range of valid ports is 30000-32767"
        ),
        KindRule(
            #"{"spec":{"externalIPs":["127.0.0.1"],"ports":[{"port":80}]}}"#,
            "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range "
                + "(127.0.0.0/8, ::1/128)"
        ),
        KindRule(
            #"{"spec":{"sessionAffinity":"x","ports":[{"port":80}]}}"#,
            "spec.sessionAffinity: Unsupported value: \"x\": supported values: \"ClientIP\", \"None\""
        ),
    ])
    func refuses(rule: KindRule) throws {
        #expect(cluster.problems("services", try rule.value) == rule.problems)
    }

    @Test func unusualFieldsAreWarnedOf() throws {
        let service: JSONValue = ["spec": ["externalIPs": ["1.2.3.4"], "ports": [["port": 80]]]]
        #expect(
            try cluster.createWarning("services", service).warnings == [
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
            ]
        )
    }
}
