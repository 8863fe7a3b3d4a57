// SPDX-License-Identifier: Apache-2.0
// `/podium/v1`: the clock, the journal, the images and the power of the nodes of one cluster.

import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRuntime
import PodiumStorage

/// Answers the administration requests of one cluster. `openapi/podium.yaml` describes them.
struct AdministrationAPI {
    private let cluster: ControlPlane

    init(_ cluster: ControlPlane) { self.cluster = cluster }

    /// Answers a request whose decoded path has these parts, the first of which are `podium` and `v1`.
    func answer(_ request: HTTPRequest, _ parts: [String]) throws(StatusError) -> HTTPResponse {
        switch (request.method, parts.dropFirst(2).joined(separator: "/")) {
        case ("GET", "clock"): return JSONAnswer.value(clockStatus)
        case ("PUT", "clock"): return try setClock(try body(of: request))
        case ("POST", "clock/advance"):
            return .later(AdvanceAnswer(try readAdvance(try body(of: request)), of: cluster))
        case ("GET", "images"): return JSONAnswer.value(cluster.images.table.document)
        case ("PUT", "images"): return try setImages(try body(of: request))
        case ("GET", "images/standard"): return JSONAnswer.value(ImageTable.standardDocument)
        case ("GET", "requests"): return JSONAnswer.value(cluster.requests)
        case ("PUT", _) where parts.count == 5 && parts[2] == "nodes" && parts[4] == "power":
            return try setPower(of: parts[3], try body(of: request))
        case (_, "clock"), (_, "clock/advance"), (_, "requests"), (_, "images"), (_, "images/standard"):
            throw .methodNotAllowed
        default: throw .pathNotFound
        }
    }

    private func body(of request: HTTPRequest) throws(StatusError) -> JSONValue {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(json: request.body)
        } catch {
            throw .badRequest("\(error.message) (at byte \(error.offset))")
        }
        if value.object == nil { throw .badRequest("the body must be a JSON object") }
        return value
    }

    // MARK: Clock

    private var clockStatus: JSONValue {
        let status = cluster.clock.status
        let mode: String
        var rate: JSONValue = 1
        switch status.mode {
        case .real: mode = "real"
        case .scaled(let factor):
            mode = "scaled"
            rate = number(factor)
        case .virtual:
            mode = "virtual"
            rate = 0
        }
        return [
            "mode": .string(mode), "rate": rate, "now": .string(status.now.rfc3339Micro),
            "pendingTimers": .integer(Int64(status.pendingTimers)),
            "nextTimer": status.nextTimer.map { .string($0.rfc3339Micro) } ?? .null,
        ]
    }

    private func number(_ value: Double) -> JSONValue {
        value == value.rounded() && abs(value) < 1e15 ? .integer(Int64(value)) : .number(JSONNumber(text: "\(value)"))
    }

    private func setClock(_ body: JSONValue) throws(StatusError) -> HTTPResponse {
        switch body["mode"]?.string {
        case "real": cluster.setClock(.real)
        case "virtual": cluster.setClock(.virtual)
        case "scaled":
            let rate: Double? =
                switch body["rate"] {
                case .integer(let value)?: Double(value)
                case .number(let value)?: value.double
                default: nil
                }
            guard let rate, rate.isFinite, rate > 0, rate <= ClockLimits.maximumRate else {
                throw .badRequest("rate must be a number above 0 and at most \(Int(ClockLimits.maximumRate))")
            }
            cluster.setClock(.scaled(rate: rate))
        case let mode?: throw .badRequest("mode \(FieldError.quoted(mode)) is none of real, scaled, virtual")
        case nil: throw .badRequest("mode must be real, scaled or virtual")
        }
        return JSONAnswer.value(clockStatus)
    }

    private func readAdvance(_ body: JSONValue) throws(StatusError) -> ClusterClock.Advance {
        switch (body["by"], body["to"], body["until"]) {
        case (let by?, nil, nil): return .by(try duration(by, "by"))
        case (nil, let to?, nil):
            guard let time = to.string.flatMap({ Timestamp(rfc3339: $0) }) else {
                throw .badRequest("to must be an RFC 3339 time, as 2026-01-01T00:00:00Z")
            }
            return .to(time)
        case (nil, nil, "idle"?):
            let limit = try body["limit"].map { value throws(StatusError) in try duration(value, "limit") }
            return .untilIdle(limit: limit ?? ClockLimits.defaultIdleLimit)
        default: throw .badRequest("one of by, to or until (\"idle\") must be given")
        }
    }

    private func duration(_ value: JSONValue, _ name: String) throws(StatusError) -> Duration {
        guard let text = value.string else { throw .badRequest("\(name) must be a duration in quotes, as \"1m30s\"") }
        let duration: Duration
        do throws(GoDurationError) {
            duration = try GoDuration.parse(text)
        } catch {
            throw .badRequest("\(name): \(error)")
        }
        let maximum = ClusterClock.Limits.maximumAdvance
        if duration < .zero || duration > maximum {
            throw .badRequest("\(name): must be between 0s and \(GoDuration.print(maximum))")
        }
        return duration
    }

    // MARK: Images

    private func setImages(_ body: JSONValue) throws(StatusError) -> HTTPResponse {
        do throws(ImageTableError) {
            cluster.images.replace(with: try ImageTable(body, isExhaustive: cluster.images.table.isExhaustive))
        } catch {
            throw .invalid(group: "podium.dev", kind: "ImageTable", name: "images", error.errors)
        }
        return JSONAnswer.value(cluster.images.table.document)
    }

    // MARK: Nodes

    private func setPower(of node: String, _ body: JSONValue) throws(StatusError) -> HTTPResponse {
        if let phase = body["podPhase"], phase != "Unknown" { throw .badRequest("podPhase can only be Unknown") }
        let phase: PodPhase? = body["podPhase"] == nil ? nil : .unknown
        let state = body["state"]?.string ?? ""
        let power: NodePower
        switch state {
        case "on": power = .on
        case "unreachable": power = .unreachable(podPhase: phase)
        case "off": power = .off(podPhase: phase)
        case "restart": power = .restart
        default: throw .badRequest("state must be on, unreachable, off or restart")
        }
        if phase != nil, power == .on || power == .restart {
            throw .badRequest("podPhase goes with the states unreachable and off")
        }
        try cluster.setPower(power, of: node)
        return JSONAnswer.value(["node": .string(node), "state": .string(state)])
    }
}

/// The limits of the clock API.
enum ClockLimits {
    /// Faster than this no timer keeps its order with real time.
    static let maximumRate = 100_000.0
    /// How long `{"until":"idle"}` waits at the most when the request does not say.
    static let defaultIdleLimit = Duration.seconds(3600)
}
