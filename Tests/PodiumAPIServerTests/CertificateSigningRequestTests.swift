// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests: who asked, who may decide, and what each subresource writes.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct CertificateSigningRequestTests {
    private static let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    private static let signer = "example.com/s"

    private func request(_ name: String, _ changes: JSONObject = [:]) -> JSONValue {
        var spec: JSONObject = [
            "request": .string(Self.jane), "signerName": .string(Self.signer), "usages": ["client auth"],
        ]
        for (key, value) in changes { spec[key] = value == .null ? nil : value }
        return ["metadata": ["name": .string(name)], "spec": .object(spec)]
    }

    /// `limited` may do everything with the requests themselves, and with signers what `verbs` say.
    private func cluster(
        _ verbs: JSONValue = ["none"],
        signers: JSONValue = [.string(Self.signer)]
    ) throws -> AccessFixture {
        let cluster = try AccessFixture()
        try cluster.makeRole(
            "r",
            [
                [
                    "verbs": ["*"], "apiGroups": ["certificates.k8s.io"],
                    "resources": [
                        "certificatesigningrequests", "certificatesigningrequests/status",
                        "certificatesigningrequests/approval",
                    ],
                ],
                [
                    "verbs": verbs, "apiGroups": ["certificates.k8s.io"],
                    "resources": ["signers"], "resourceNames": signers,
                ],
            ],
            isCluster: true
        )
        try cluster.bind("b", "ClusterRole", "r", isCluster: true)
        return cluster
    }

    private func with(_ object: JSONValue, _ conditions: JSONValue, certificate: JSONValue? = nil) -> JSONValue {
        var object = object
        object[path: "status", "conditions"] = conditions
        if let certificate { object[path: "status", "certificate"] = certificate }
        return object
    }

    private func condition(_ type: String, _ status: String = "True") -> JSONValue {
        ["type": .string(type), "status": .string(status), "reason": "R", "message": "M"]
    }

    @Test(arguments: [
        "{}", #"{"username":"evil","uid":"1","groups":["system:masters"],"extra":{"a":["b"]}}"#, #"{"groups":[]}"#,
        #"{"username":"admin"}"#, #"{"extra":{"a":["b"]}}"#,
    ])
    func theServerSaysWhoAsked(_ claims: String) throws {
        let cluster = try cluster()
        let claims = try JSONValue(json: Array(claims.utf8)).object ?? [:]
        let made = try cluster.send("POST", Self.path, request("c", claims), as: "limitedtoken")
        #expect(made.status == 201, "\(made.message)")
        func check(_ object: JSONValue) {
            #expect(object[path: "spec", "username"] == "limited")
            #expect(object[path: "spec", "uid"] == "limited-uid")
            #expect(object[path: "spec", "groups"] == ["limited-group", "system:authenticated"])
            #expect(object[path: "spec", "extra"] == nil)
            #expect(object[path: "status", "conditions"] == nil)
        }
        check(made.body)
        var changed = made.body
        changed[path: "spec", "username"] = "evil"
        changed[path: "spec", "groups"] = ["system:masters"]
        changed[path: "spec", "signerName"] = "example.com/other"
        for (method, suffix) in [("PUT", ""), ("PUT", "/status"), ("PUT", "/approval")] {
            _ = try cluster.send(method, "\(Self.path)/c\(suffix)", changed)
            check(try cluster.send("GET", "\(Self.path)/c").body)
        }
        let merge = [("content-type", "application/merge-patch+json")]
        let patch: JSONValue = ["spec": ["username": "evil", "extra": ["a": ["b"]]]]
        for suffix in ["", "/status", "/approval"] {
            #expect(try cluster.send("PATCH", "\(Self.path)/c\(suffix)", patch, headers: merge).status == 200)
            check(try cluster.send("GET", "\(Self.path)/c").body)
        }
    }

    @Test func whoActsAsAnotherAsksAsThat() throws {
        let cluster = try AccessFixture()
        let headers = [
            ("impersonate-user", "user1"), ("impersonate-group", "g1"), ("impersonate-group", "system:masters"),
            ("impersonate-extra-k", "v"),
        ]
        let made = try cluster.send("POST", Self.path, request("c", ["username": "evil"]), headers: headers)
        #expect(made.body[path: "spec", "username"] == "user1")
        #expect(made.body[path: "spec", "groups"] == ["g1", "system:masters", "system:authenticated"])
        #expect(made.body[path: "spec", "extra"] == ["k": ["v"]])
    }

    @Test(arguments: [
        ("none", "example.com/s", 403), ("approve", "example.com/s", 200), ("approve", "example.com/*", 200),
        ("approve", "example.com/other", 403), ("sign", "example.com/*", 403),
    ])
    func approvingNeedsARightToTheSigner(_ verb: String, _ signer: String, _ status: Int) throws {
        let cluster = try cluster([.string(verb)], signers: [.string(signer)])
        let made = try cluster.send("POST", Self.path, request("c"), as: "limitedtoken").body
        let approved = with(made, [condition("Approved")])
        let answer = try cluster.send("PUT", "\(Self.path)/c/approval", approved, as: "limitedtoken")
        #expect(answer.status == status, "\(answer.message)")
        if status == 403 {
            #expect(
                answer.message
                    == "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: user not permitted to "
                    + "approve requests with signerName \"example.com/s\""
            )
        } else {
            let condition = answer.body[path: "status", "conditions"]?.elements.first
            #expect(condition?["lastUpdateTime"]?.string != nil && condition?["lastTransitionTime"]?.string != nil)
        }
    }

    @Test(arguments: [("none", 403), ("approve", 403), ("sign", 200)])
    func signingNeedsARightToTheSigner(_ verb: String, _ status: Int) throws {
        let cluster = try cluster([.string(verb)])
        let made = try cluster.send("POST", Self.path, request("c"), as: "limitedtoken").body
        var labelled = made
        labelled[path: "metadata", "labels"] = ["a": "b"]
        labelled[path: "metadata", "resourceVersion"] = nil
        #expect(try cluster.send("PUT", "\(Self.path)/c/status", labelled, as: "limitedtoken").status == 200)
        let signed = with(labelled, [condition("Failed")], certificate: "QQ==")
        #expect(try cluster.send("PUT", "\(Self.path)/c/status", signed, as: "limitedtoken").status == status)
    }

    @Test func eachSubresourceWritesItsPart() throws {
        let cluster = try AccessFixture()
        var made = try cluster.send("POST", Self.path, with(request("c"), [condition("Approved")])).body
        #expect(made[path: "status", "conditions"] == nil)
        made[path: "metadata", "resourceVersion"] = nil
        let approval = "\(Self.path)/c/approval"
        let approved = try cluster.send("PUT", approval, with(made, [condition("Approved")], certificate: "QQ==")).body
        #expect(approved[path: "status", "certificate"] == nil)
        #expect(try cluster.send("GET", approval).body[path: "status", "conditions"]?.elements.count == 1)
        #expect(
            try cluster.send("PUT", approval, made).message.hasSuffix(
                "status.conditions: Forbidden: updates may not remove a condition of type \"Approved\""
            )
        )
        let both = with(made, [condition("Approved"), condition("Denied")])
        #expect(try cluster.send("PUT", approval, both).message.contains("mutually exclusive"))
        let status = "\(Self.path)/c/status"
        let refused = try cluster.send("PUT", status, both)
        #expect(refused.message.contains("updates may not add a condition of type \"Denied\""))
        var other = condition("Approved")
        other["message"] = "changed"
        let signed = try cluster.send("PUT", status, with(made, [other, condition("Failed")], certificate: "QQ==")).body
        #expect(signed[path: "status", "certificate"] == "QQ==")
        #expect(signed[path: "status", "conditions"]?.elements.first?["message"] == "M")
        let resigned = try cluster.send("PUT", status, with(signed, [other, condition("Failed")], certificate: "Qg=="))
        #expect(resigned.message.hasSuffix("Forbidden: updates may not modify existing certificate content"))
        #expect(try cluster.send("DELETE", approval).status == 405)
        #expect(try cluster.send("POST", approval, made).status == 405)
        #expect(try cluster.send("PUT", "\(Self.path)/d/approval", request("d")).status == 404)
    }

    @Test(arguments: [
        ("usages", "null", "spec.usages: Required value"),
        ("usages", #"["client auth","client auth"]"#, "spec.usages[1]: Duplicate value: \"client auth\""),
        ("usages", #"["fly"]"#, "spec.usages[0]: Unsupported value: \"fly\": supported values: \"any\", \"cert sign\""),
        (
            "signerName", #""kubernetes.io/legacy-unknown""#,
            "the legacy signerName is not allowed via this API version"
        ),
        (
            "signerName", #""nosigner""#,
            "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        ),
        ("signerName", #""a/b""#, "should be a domain with at least two segments separated by dots"),
        ("signerName", #""a.B/c""#, "validating label \"B\""),
        ("expirationSeconds", "599", "may not specify a duration less than 600 seconds (10 minutes)"),
        ("request", #""QUJD""#, "PEM block type must be CERTIFICATE REQUEST"),
    ])
    func mistakesAreNamed(_ field: String, _ value: String, _ problem: String) throws {
        let value = try JSONValue(json: Array(value.utf8))
        let answer = try AccessFixture().send("POST", Self.path, request("c", [field: value]))
        #expect(answer.status == 422)
        #expect(answer.message.contains(problem), "\(answer.message)")
    }

    @Test func nobodyBecomesAnAdministratorByACertificate() throws {
        let cluster = try AccessFixture()
        let client = "kubernetes.io/kube-apiserver-client"
        let asked: JSONObject = ["request": .string(Self.masters), "signerName": .string(client)]
        let refused = try cluster.send("POST", Self.path, request("c", asked))
        #expect(refused.status == 403)
        #expect(
            refused.message.hasSuffix("use of \(client) signer with system:masters group is not allowed")
        )
        #expect(try cluster.send("POST", Self.path, request("c", ["signerName": .string(client)])).status == 201)
        #expect(try cluster.send("POST", Self.path, request("d", ["request": .string(Self.masters)])).status == 201)
    }

    /// Of `/O=devs/CN=jane`.
    private static let jane =
        """
        LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIYU1JR0FBZ0VBTUI0eERUQUxCZ05WQkFvTUJHUm\
        xkbk14RFRBTEJnTlZCQU1NQkdwaGJtVXdXVEFUQmdjcQpoa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVJVbFAwaFBz\
        WVhqb3l4RjR0OUV3WDUxUWhHT1F1UEJDWmVEbDVKClVSUnNzL3lWSHFTWHNLcXBsaXpLNS9laThQU3lNekh6Q3psQ3\
        RRNk0vL2FOVTlVQm9BQXdDZ1lJS29aSXpqMEUKQXdJRFNRQXdSZ0loQUt5T2FWMGEwMGtEdzV5VWluOXRNZlVXd0dD\
        WVZLNGkzREhrNUd0NFlER3FBaUVBcHRPUwoxV3llUEZyZEdoUG54N1lNSDlsQlZYRkhIM3JXVExueFdOSUs3Vjg9Ci\
        0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=
        """
    /// Of `/CN=jane/O=devs/O=system:masters`.
    private static let masters =
        """
        LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIeE1JR1pBZ0VBTURjeERUQUxCZ05WQkFNTUJHcG\
        hibVV4RFRBTEJnTlZCQW9NQkdSbGRuTXhGekFWQmdOVgpCQW9NRG5ONWMzUmxiVHB0WVhOMFpYSnpNRmt3RXdZSEtv\
        Wkl6ajBDQVFZSUtvWkl6ajBEQVFjRFFnQUV6WWRUCm1odGNHVmt1eENWSk5BMVJMbHBSUmlsamxwQWpJL3cxUDhGS2\
        JXa0VHM3RCak9VMk10RW52V2pNUVNETnJPMXMKcmUreFZEekFhSFlBeXhCa2txQUFNQW9HQ0NxR1NNNDlCQU1DQTBj\
        QU1FUUNJRkVyMy9LZnc4OW00Z09zYmhhegp5c3NCTThaNkwwajFLTjNybTVOZEdDYi9BaUJpZFR0VEtaL2FadFpxVT\
        NaSFhvVU5sTTVZU25aOGNxUnRidnF3Cmxxa0lXUT09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=
        """
}
