// SPDX-License-Identifier: Apache-2.0
// A connection from outside of the cluster to a port of a pod: the stream of bytes of an HTTP server.

import PodiumMachinery

/// The server's end of a connection, byte by byte: requests one after the other, their answers in the same order.
///
/// What listens answers requests as values; this is what makes a conversation of it. Who does not speak HTTP takes what
/// it is given and says nothing.
package struct ServedConnection: Sendable {
    /// The limits of one connection.
    package enum Limits {
        /// The largest head of a request.
        static let headBytes = 64 << 10
        /// The largest body of a request.
        static let bodyBytes = 8 << 20
    }

    /// What a listener says to a request; nil when it says nothing.
    package typealias Answering = (HTTPProbe) -> HTTPAnswer?

    private var input: [UInt8] = []
    private var output: [[UInt8]] = []
    private var offset = 0
    /// Whether it ends once everything is taken.
    private var isClosing = false
    private var isInputEnded = false

    package init() {}

    /// Whether nothing more comes.
    package var isOver: Bool { output.isEmpty && (isClosing || isInputEnded) }

    /// Whether answers wait to be taken, so that nothing more should be asked.
    package var isBusy: Bool { !output.isEmpty }

    /// The client has said something.
    package mutating func receive(_ bytes: [UInt8], _ answer: Answering) {
        if isClosing { return }
        input += bytes
        advance(answer)
    }

    /// The client says nothing more.
    package mutating func endInput() { isInputEnded = true }

    /// What was answered, at most `limit` bytes.
    package mutating func take(limit: Int) -> [UInt8] {
        guard let first = output.first else { return [] }
        let bytes = Array(first[offset..<min(first.count, offset + limit)])
        offset += bytes.count
        if offset == first.count {
            output.removeFirst()
            offset = 0
        }
        return bytes
    }

    private mutating func say(_ bytes: [UInt8]) { if !bytes.isEmpty { output.append(bytes) } }

    private mutating func advance(_ answer: Answering) {
        while !isClosing, let start = MessageText.bodyStart(input) {
            guard let request = RequestText(input[..<start]) else { return refuse() }
            switch request.body(in: input[start...]) {
            case .incomplete:
                if request.expectsContinue, input.count == start { say(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
                if input.count - start > Limits.bodyBytes { refuse() }
                return
            case .malformed: return refuse()
            case .complete(let body, let end):
                input.removeFirst(end - input.startIndex)
                guard let found = answer(request.probe(body)) else { continue }
                say(Array(found.text(endsConnection: request.isLast).utf8))
                if request.method != "HEAD" { say(found.body) }
                isClosing = request.isLast
            }
        }
        if input.count > Limits.headBytes, MessageText.bodyStart(input) == nil { refuse() }
    }

    private mutating func refuse() {
        say(Array(HTTPAnswer(status: 400, body: "").text(endsConnection: true).utf8))
        isClosing = true
    }
}

/// The head of a request.
private struct RequestText {
    enum Body {
        case incomplete
        case malformed
        /// The body, and where it ends.
        case complete([UInt8], end: Int)
    }

    let method: String
    private let path: String
    private let isVersion10: Bool
    private let headers: [EnvironmentVariable]

    init?(_ head: ArraySlice<UInt8>) {
        let lines = MessageText.lines(Array(head))
        let first = (lines.first ?? "").split(separator: " ").map(String.init)
        guard first.count == 3, first[2].hasPrefix("HTTP/1."), first[1].hasPrefix("/") || first[1] == "*" else {
            return nil
        }
        method = first[0]
        path = first[1]
        isVersion10 = first[2] == "HTTP/1.0"
        headers = lines.dropFirst().prefix { !$0.isEmpty }.map { line in
            let name = String(line.prefix { $0 != ":" })
            return EnvironmentVariable(name, String(line.dropFirst(name.count + 1).drop { $0 == " " }))
        }
    }

    private func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value.lowercased()
    }

    var expectsContinue: Bool { header("expect") == "100-continue" }

    /// Whether the connection ends with the answer.
    var isLast: Bool {
        let wish = header("connection") ?? ""
        return wish.contains("close") || isVersion10 && !wish.contains("keep-alive")
    }

    func probe(_ body: [UInt8]) -> HTTPProbe {
        HTTPProbe(path: path, method: method, headers: headers, body: body.text)
    }

    func body(in bytes: ArraySlice<UInt8>) -> Body {
        if header("transfer-encoding")?.contains("chunked") == true { return chunks(in: bytes) }
        guard let length = header("content-length") else { return .complete([], end: bytes.startIndex) }
        guard let count = Int(length), count >= 0 else { return .malformed }
        if bytes.count < count { return .incomplete }
        return .complete(Array(bytes.prefix(count)), end: bytes.startIndex + count)
    }

    private func chunks(in bytes: ArraySlice<UInt8>) -> Body {
        var body: [UInt8] = []
        var rest = bytes
        while let end = rest.firstIndex(of: 0x0A) {
            let digits = rest[..<end].prefix { $0 != 0x0D && $0 != UInt8(ascii: ";") }
            guard let size = Int(digits.text, radix: 16), size >= 0 else { return .malformed }
            rest = rest[(end + 1)...]
            if size == 0 {
                // The trailer ends with an empty line.
                while let end = rest.firstIndex(of: 0x0A) {
                    let isEmpty = rest[..<end].allSatisfy { $0 == 0x0D }
                    rest = rest[(end + 1)...]
                    if isEmpty { return .complete(body, end: rest.startIndex) }
                }
                return .incomplete
            }
            guard rest.count > size + 1 else { return .incomplete }
            body += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard let next = rest.firstIndex(of: 0x0A) else { return .incomplete }
            rest = rest[(next + 1)...]
        }
        return .incomplete
    }
}

extension HTTPAnswer {
    /// Everything before the body.
    fileprivate func text(endsConnection: Bool) -> String {
        (head + (endsConnection ? ["Connection: close"] : [])).map { $0 + "\r\n" }.joined() + "\r\n"
    }
}
