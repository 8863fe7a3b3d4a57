// SPDX-License-Identifier: Apache-2.0
// Connections that a program itself writes to and reads from: what comes back for what was said.

/// A connection to a port.
struct Connection: Hashable, Sendable {
    /// The connections that a pod's programs hold at one time.
    static let maximumCount = 64
    /// The bytes that are kept of what one side says.
    static let maximumBytes = 1 << 20

    let address: String
    let port: Int
    var sent: [UInt8] = []
    /// What the other side said, once it was asked for.
    var answer: [UInt8]?
    var offset = 0
}

/// The text of a request or an answer.
package enum MessageText {
    /// The lines, without what ends them, whether by a newline or a carriage return and a newline.
    static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            (line.last == 0x0D ? line.dropLast() : line).text
        }
    }

    /// Whether the head of a request is there in full.
    package static func hasHead(_ bytes: [UInt8]) -> Bool { bodyStart(bytes) != nil }

    /// Where the body begins; nil when the head has no end.
    static func bodyStart(_ bytes: [UInt8]) -> Int? {
        var index = 0
        while let newline = bytes[index...].firstIndex(of: 0x0A) {
            let rest = bytes[(newline + 1)...]
            if rest.first == 0x0A { return newline + 2 }
            if rest.starts(with: [0x0D, 0x0A]) { return newline + 3 }
            index = newline + 1
        }
        return nil
    }
}

extension Machine {
    /// What comes back from a port for what was said to it; nothing from who speaks no HTTP.
    package mutating func exchange(_ input: [UInt8], at address: String, port: Int) -> [UInt8] {
        if isOwn(address), case .conversation(let answer, let inbox)? = kernel.listener(on: port)?.service {
            kernel.listeners[port] = nil
            kernel.pipes[inbox]?.append(input)
            kernel.closeWriter(of: inbox)
            return answer
        }
        let lines = MessageText.lines(input)
        let first = (lines.first ?? "").split(separator: " ").map(String.init)
        guard first.count >= 2, first[1].hasPrefix("/") else { return [] }
        let headers = lines.dropFirst().prefix { !$0.isEmpty }.map { line -> EnvironmentVariable in
            let name = String(line.prefix { $0 != ":" })
            return EnvironmentVariable(name, String(line.dropFirst(name.count + 1).drop { $0 == " " }))
        }
        let body = MessageText.bodyStart(input).map { input[$0...].text } ?? ""
        let request = HTTPProbe(path: first[1], method: first[0], headers: headers, body: body)
        guard let answer = answer(request, at: address, port: port) else { return [] }
        return Array((answer.head.map { $0 + "\r\n" }.joined() + "\r\n").utf8) + answer.body
    }

    /// Connects to `HOST/PORT`, as bash does for paths below `/dev/tcp`; the result has no descriptor yet.
    package mutating func connect(_ place: Substring) throws(Errno) -> Int {
        let parts = place.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let port = Int(parts[1]), let address = addresses(of: parts[0]).first else {
            throw .invalid
        }
        switch reach(address, port: port) {
        case .refused: throw .refused
        case .silent: throw .timedOut
        case .open: break
        }
        let number = kernel.nextNumber()
        guard kernel.connections.count < Connection.maximumCount else { throw .again }
        guard let file = kernel.open(.connection(number), path: "/dev/tcp/\(place)") else { throw .again }
        kernel.connections[number] = Connection(address: address, port: port)
        return file
    }

    /// Reads from a connection. Who has said nothing that can be answered finds its end, so that nobody waits for ever.
    mutating func read(connection number: Int, limit: Int) -> ReadResult {
        guard var connection = kernel.connections[number] else { return .end }
        let answer =
            connection.answer
            ?? Array(
                exchange(connection.sent, at: connection.address, port: connection.port).prefix(Connection.maximumBytes)
            )
        let bytes = Array(answer.dropFirst(connection.offset).prefix(limit))
        connection.answer = answer
        connection.offset += bytes.count
        kernel.connections[number] = connection
        charge(bytes: bytes.count)
        return bytes.isEmpty ? .end : .bytes(bytes)
    }
}
