// SPDX-License-Identifier: Apache-2.0
// Tokens of service accounts: issued, accepted, reviewed, and void when what they stand for is gone.

import PodiumAPIServer
import PodiumCodec
import PodiumHost
import PodiumMachinery
import Testing

@Suite struct ServiceAccountTokenTests {
    private static let accounts = "/api/v1/namespaces/ns/serviceaccounts"
    private static let whoAmI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    private func cluster(seed: UInt64 = 1) throws -> AccessFixture {
        let cluster = try AccessFixture(seed: seed)
        #expect(try cluster.send("POST", Self.accounts, ["metadata": ["name": "sa"]]).status == 201)
        return cluster
    }

    private func request(_ cluster: AccessFixture, _ spec: JSONValue) throws -> AccessFixture.Answer {
        try cluster.send("POST", "\(Self.accounts)/sa/token", ["spec": spec])
    }

    private func token(_ cluster: AccessFixture, _ spec: JSONValue = [:]) throws -> String {
        try request(cluster, spec).body[path: "status", "token"]?.string ?? ""
    }

    @Test func tokensStandForTheirServiceAccount() throws {
        let cluster = try cluster()
        let user = try cluster.send("POST", Self.whoAmI, [:], as: token(cluster)).body[path: "status", "userInfo"]
        #expect(user?["username"] == "system:serviceaccount:ns:sa")
        #expect(
            user?["groups"] == ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"]
        )
        #expect(user?["uid"]?.string?.isEmpty == false)
        #expect(user?["extra"]?.object?.map(\.key) == ["authentication.kubernetes.io/credential-id"])
    }

    @Test func tokensEnd() throws {
        let cluster = try cluster()
        let token = try token(cluster, ["expirationSeconds": 600])
        #expect(try cluster.send("GET", "/api", as: token).status == 200)
        _ = try cluster.clock.advance(.by(.seconds(599)))
        #expect(try cluster.send("GET", "/api", as: token).status == 200)
        _ = try cluster.clock.advance(.by(.seconds(1)))
        #expect(try cluster.send("GET", "/api", as: token).status == 401)
    }

    @Test func tokensEndWithTheirServiceAccount() throws {
        let cluster = try cluster()
        let token = try token(cluster)
        try cluster.send("DELETE", "\(Self.accounts)/sa")
        #expect(try cluster.send("GET", "/api", as: token).status == 401)
        try cluster.send("POST", Self.accounts, ["metadata": ["name": "sa"]])
        #expect(try cluster.send("GET", "/api", as: token).status == 401)
    }

    @Test func tokensEndWithTheObjectTheyAreBoundTo() throws {
        let cluster = try cluster()
        try cluster.send("POST", "/api/v1/namespaces/ns/secrets", ["metadata": ["name": "s"]])
        let bound: JSONValue = ["boundObjectRef": ["kind": "Secret", "apiVersion": "v1", "name": "s"]]
        let token = try token(cluster, bound)
        #expect(try cluster.send("GET", "/api", as: token).status == 200)
        try cluster.send("DELETE", "/api/v1/namespaces/ns/secrets/s")
        #expect(try cluster.send("GET", "/api", as: token).status == 401)
    }

    @Test func changedTokensAreNobodys() throws {
        let cluster = try cluster()
        let parts = try token(cluster).split(separator: ".").map(String.init)
        let others = [
            "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[0]).\(parts[2])", "..",
            "\(parts[0]).\(parts[1]).\(parts[2])AAAA", String(repeating: "a", count: 20_000),
        ]
        for other in others { #expect(try cluster.send("GET", "/api", as: other).status == 401) }
        let elsewhere = try token(self.cluster(seed: 2))
        #expect(try cluster.send("GET", "/api", as: elsewhere).status == 401)
    }

    @Test func tokensForOthersAreNotForTheServer() throws {
        let cluster = try cluster()
        let token = try token(cluster, ["audiences": ["vault"]])
        #expect(try cluster.send("GET", "/api", as: token).status == 401)
        func review(_ audiences: JSONValue) throws -> JSONValue? {
            let body: JSONValue = ["spec": ["token": .string(token), "audiences": audiences]]
            return try cluster.send("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body).body["status"]
        }
        let found = try review(["vault", "other"])
        #expect(found?["authenticated"] == true)
        #expect(found?["audiences"] == ["vault"])
        #expect(found?[path: "user", "username"] == "system:serviceaccount:ns:sa")
        #expect(try review(["other"]) == ["user": [:], "error": "invalid bearer token"])
        #expect(try review([])?["authenticated"] == nil)
    }

    @Test(arguments: [
        (
            #"{"expirationSeconds":599}"#, 422,
            "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 599: may not "
                + "specify a duration less than 10 minutes"
        ),
        (
            #"{"boundObjectRef":{"kind":"Deployment","apiVersion":"apps/v1","name":"p"}}"#, 400,
            "cannot bind token to object of type apps/v1, Kind=Deployment"
        ),
        (
            #"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}"#, 404, "pods \"p\" not found"
        ),
    ])
    func wrongRequestsAreRefused(_ spec: String, _ status: Int, _ message: String) throws {
        let answer = try request(cluster(), try JSONValue(json: spec))
        #expect(answer.status == status)
        #expect(answer.message == message)
    }
}
