// SPDX-License-Identifier: Apache-2.0
// `…/proxy/…` below pods, Services and nodes: requests that go on to the servers of the cluster.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import Synchronization

// Kubernetes: pkg/registry/core/pod/strategy.go ResourceLocation, pkg/registry/core/service/storage/storage.go,
// apimachinery/pkg/util/proxy/upgradeaware.go
extension APIServer {
    func proxy(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        if request.definition.storage == .nodes { return try proxyToKubelet(request) }
        guard let target = ProxyTarget(request.name) else {
            let what = request.definition.storage == .pods ? "pod" : "service"
            throw .badRequest("invalid \(what) request \(FieldError.quoted(request.name))")
        }
        let (pod, port) =
            request.definition.storage == .pods ? try podTarget(target, request) : try serviceTarget(target, request)
        guard let source = components.ports else { throw .unsupported("no kubelet runs in this cluster") }
        guard let answer = source.answer(proxied(request), on: port, of: pod.name, uid: pod.uid) else {
            throw Self.unreachable("dial tcp \(pod.address):\(port): connect: connection refused")
        }
        return response(answer, to: request)
    }

    // Kubernetes: pkg/registry/core/node/strategy.go ResourceLocation
    private func proxyToKubelet(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        guard let target = ProxyTarget(request.name) else {
            throw .badRequest("invalid node request \(FieldError.quoted(request.name))")
        }
        let node = try store(request).get(target.name).value()
        try checkReachable(target.name, else: .notFound(.nodes, target.name))
        guard let kubelets = components.kubelets else { throw .unsupported("no kubelet runs in this cluster") }
        let addresses = node[path: "status", "addresses"]?.elements ?? []
        let address = addresses.first { $0["type"] == "InternalIP" }?["address"]?.string ?? target.name
        let port = target.port.isEmpty ? Self.kubeletPort : target.port
        guard port == Self.kubeletPort, let answer = try kubelets.answer(proxied(request), of: target.name) else {
            let problem = port == Self.kubeletPort ? "no route to host" : "connection refused"
            throw Self.unreachable("dial tcp \(address):\(port): connect: \(problem)")
        }
        return response(answer, to: request)
    }

    private static let kubeletPort = "10250"

    /// A pod as proxying finds it.
    private struct Place {
        let name: NamespacedName
        let uid: String
        let address: String
    }

    private func podTarget(_ target: ProxyTarget, _ request: ResourceRequest) throws(StatusError) -> (Place, Int) {
        let object = try store(request).get(target.name)
        let pod = object.value()
        guard let address = pod[path: "status", "podIP"]?.string, !address.isEmpty else {
            throw .badRequest("address not allowed")
        }
        let containers = pod[path: "spec", "containers"]?.elements ?? []
        let first = containers.lazy.compactMap { $0["ports"]?.elements.first?["containerPort"]?.int }.first
        // Names of ports mean nothing here.
        let port = target.port.isEmpty ? first ?? 80 : Int(target.port)
        guard let port, (1...65_535).contains(port) else {
            throw Self.unreachable("dial tcp: lookup tcp/\(target.port): unknown port")
        }
        return (Place(name: object.key.name, uid: object.facts.uid, address: address), port)
    }

    private func serviceTarget(_ target: ProxyTarget, _ request: ResourceRequest) throws(StatusError) -> (Place, Int) {
        let object = try store(request).get(target.name)
        let key = object.key
        let ports = object.value()[path: "spec", "ports"]?.elements ?? []
        let entry =
            target.port.isEmpty
            ? (ports.count == 1 ? ports.first : nil)
            : ports.first { $0["name"]?.string == target.port || $0["port"]?.int.map(String.init) == target.port }
        guard let entry else {
            throw Self.unavailable("no service port \(FieldError.quoted(target.port)) found for service ", target.name)
        }
        let name = entry["name"]?.string ?? ""
        let endpoints = try api.storage.object(ObjectKey(.endpoints, key.name))?.value()
        for subset in endpoints?["subsets"]?.elements ?? [] {
            guard let port = subset["ports"]?.elements.first(where: { ($0["name"]?.string ?? "") == name }),
                let number = port["port"]?.int, let addresses = subset["addresses"]?.elements, !addresses.isEmpty
            else { continue }
            let choice = addresses[proxyTurns.add(1, ordering: .relaxed).oldValue % addresses.count]
            guard let pod = choice["targetRef"]?["name"]?.string, let uid = choice["targetRef"]?["uid"]?.string else {
                continue
            }
            let place = NamespacedName(namespace: key.name.namespace, name: pod)
            return (Place(name: place, uid: uid, address: choice["ip"]?.string ?? ""), number)
        }
        throw Self.unavailable("no endpoints available for service ", target.name)
    }

    private static func unavailable(_ text: String, _ name: String) -> StatusError {
        StatusError(code: 503, reason: .serviceUnavailable, message: text + FieldError.quoted(name))
    }

    /// What is said when a server cannot be reached.
    private static func unreachable(_ problem: String) -> StatusError {
        StatusError(
            code: 503,
            reason: .serviceUnavailable,
            message: "error trying to reach service: \(problem)"
        )
    }

    private func proxied(_ request: ResourceRequest) -> ProxiedRequest {
        let http = request.http
        let (_, rest) = Self.parts(of: http.rawPath, behind: request.path.rest.count)
        return ProxiedRequest(
            method: http.method,
            path: (rest.isEmpty ? "/" : rest) + (http.rawQuery.isEmpty ? "" : "?" + http.rawQuery),
            headers: http.headers.forwarded,
            body: http.body
        )
    }

    /// The path up to `proxy`, and the rest as it was sent, its escapes included: the last `count` of its parts.
    private static func parts(of rawPath: String, behind count: Int) -> (own: String, rest: String) {
        let path = rawPath.utf8
        var starts = path.indices.filter { index in
            guard path[index] == UInt8(ascii: "/") else { return false }
            let next = path.index(after: index)
            return next < path.endIndex && path[next] != UInt8(ascii: "/")
        }
        guard starts.count > count else { return (rawPath, "") }
        if count == 0 {
            // A slash at the end is the server's.
            let end = rawPath.hasSuffix("/") ? path.index(before: path.endIndex) : path.endIndex
            return (String(rawPath[..<end]), String(rawPath[end...]))
        }
        starts.removeFirst(starts.count - count)
        return (String(rawPath[..<starts[0]]), String(rawPath[starts[0]...]))
    }

    private func response(_ answer: ProxiedAnswer, to request: ResourceRequest) -> HTTPResponse {
        var headers: [(name: String, value: String)] = []
        if let location = answer.location {
            // From where the client is, the server's own paths begin behind that of the proxy.
            let (own, _) = Self.parts(of: request.http.rawPath, behind: request.path.rest.count)
            let prefix = request.http.prefix + own
            headers.append(("Location", location.hasPrefix("/") ? prefix + location : location))
        }
        return HTTPResponse(
            status: answer.status,
            contentType: answer.contentType,
            headers: headers,
            body: .bytes(EncodedBytes(answer.body).slice)
        )
    }
}
