// SPDX-License-Identifier: Apache-2.0
// Decides whether a head is unambiguous: libmicrohttpd 0.9.75 accepts heads that other servers read otherwise.

import CMicroHTTPD
import Glibc
import PodiumExchange

/// Goes over the header lines once: checks each, keeps those that the API reads.
///
/// Whoever can make two servers in a row disagree on where a request ends can smuggle a second one past the first.
// RFC 9112, sections 3.2, 5.1, 6.1 and 6.3
// Not Sendable: part of a `Connection`. A class: the head of a connection that repeats itself is handed out unchanged.
final class RequestHead {
    /// What the API reads.
    private(set) var fields = HTTPHeaders.none
    /// The announced size of the body; nil when it is chunked or absent.
    private(set) var contentLength: Int?
    /// Whether the client waits for `100 Continue` before it sends the body.
    private(set) var expectsContinue = false
    /// Why the request must be refused.
    private(set) var refusal: Refusal?
    /// Whether a page sent it that may not, as far as the header lines say.
    private(set) var verdict = BrowserPolicy.Verdict.free

    /// How many fields there are.
    private(set) var fieldCount = 0
    /// What `verdict` is made of; read only while the lines are.
    private var browser = BrowserPolicy.Fields()
    /// What `fields` are made of; read only while the lines are.
    private var kept: [(name: String, value: String)] = []
    private var hosts = 0
    private var lengths = 0
    private var encodings = 0
    /// Where the next name must begin, when the lines are checked in place.
    ///
    /// The library cuts the lines in place, writing NUL over `:` and over each line end, and reports C strings. So a
    /// NUL inside a value, a bare line feed or a folded line shows only as a gap between one value and the next name.
    private var next: UnsafePointer<UInt8>?

    /// The three parts of a request line, as C strings.
    struct Line {
        let method: UnsafePointer<UInt8>
        let target: UnsafePointer<UInt8>
        let version: UnsafePointer<UInt8>

        /// Whether exactly one space stands between the parts, and no NUL in any of them.
        ///
        /// The library cuts the target apart at its `?` and `&`, so its length must have been taken before.
        func isTight(targetSize: Int) -> Bool {
            Self.end(method) + 1 == target && target + targetSize + 1 == version && Self.end(version) == version + 8
        }

        var methodBytes: UnsafeBufferPointer<UInt8> {
            UnsafeBufferPointer(start: method, count: Self.end(method) - method)
        }

        var hasValidMethod: Bool { ASCII.isToken(methodBytes) }

        private static func end(_ text: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
            text + strlen(UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self))
        }

        /// Where the first header line begins: after `HTTP/1.x` and its line end.
        var fields: UnsafePointer<UInt8> { version + 10 }

        var isHead: Bool { isMethod("HEAD") }

        var isGet: Bool { isMethod("GET") }

        private func isMethod(_ name: StaticString) -> Bool {
            strcmp(UnsafeRawPointer(method).assumingMemoryBound(to: CChar.self), name.utf8Start) == 0
        }

        var isVersion10: Bool { version[7] == UInt8(ascii: "0") }
    }

    /// Reads the head of the present request on `connection`, whose target has been read.
    ///
    /// The lines are checked in place with a library that does not do it itself.
    init(connection: OpaquePointer, line: Line, target: RequestTarget, context: ServerContext) {
        let limits = context.limits
        let size = podium_http_head_size(connection)
        if context.checksInPlace {
            next = line.fields
            if !line.isTight(targetSize: target.size) { refuse("malformed request line") }
        }
        if !line.hasValidMethod { refuse("invalid method") }
        let head = Unmanaged.passUnretained(self).toOpaque()
        withExtendedLifetime(self) { _ = MHD_get_connection_values_n(connection, .HEADER_KIND, readField, head) }
        if let next, next + 2 != line.method + size { refuse("malformed header line") }
        if size > limits.headBytes { refusal = .headTooLarge(limit: limits.headBytes) }
        // HTTP/1.0 did not ask for a Host.
        if hosts == 0, !line.isVersion10 { refuse("missing required Host header") }
        if encodings > 0, lengths > 0 { refuse("both Transfer-Encoding and Content-Length") }
        if encodings > 0, line.isVersion10 { refuse("Transfer-Encoding in an HTTP/1.0 request") }
        if let browsers = context.browsers { verdict = verdict(of: browsers, authority: target.authority) }
        browser = BrowserPolicy.Fields()
        fields = HTTPHeaders(kept)
        kept = []
    }

    private func verdict(of browsers: BrowserPolicy, authority: String?) -> BrowserPolicy.Verdict {
        guard var authority else { return browsers.verdict(browser) }
        var browser = browser
        return authority.withUTF8 { bytes in
            browser.host = bytes
            return browsers.verdict(browser)
        }
    }

    /// Whether the body comes in chunks.
    var isChunked: Bool { encodings > 0 }

    /// Whether a body follows.
    var hasBody: Bool { encodings > 0 || (contentLength ?? 0) > 0 }

    private func refuse(_ problem: String) {
        if refusal == nil { refusal = .malformed(problem) }
    }

    /// Takes the next header line.
    fileprivate func read(_ name: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>) {
        fieldCount += 1
        if let expected = next {
            if name.baseAddress != expected { refuse("malformed header line") }
            next = text.baseAddress.map { $0 + text.count + 2 } ?? expected
        }
        if !ASCII.isToken(name) { return refuse("invalid header name") }
        if !ASCII.isFieldValue(text) { return refuse("invalid header value") }
        let value = ASCII.withoutTrailingBlanks(text)
        switch name.count {
        case 4 where ASCII.equal(name, "host"):
            hosts += 1
            if hosts > 1 { refuse("too many Host headers") }
            browser.host = value
            kept.append(("host", String(decoding: value, as: UTF8.self)))
        case 6 where ASCII.equal(name, "expect"):
            expectsContinue = ASCII.equal(value, "100-continue")
            if !expectsContinue, refusal == nil { refusal = .unknownExpectation }
        case 14 where ASCII.equal(name, "content-length"):
            lengths += 1
            contentLength = Self.number(value)
            if lengths > 1 || contentLength == nil { refuse("bad Content-Length") }
        case 17 where ASCII.equal(name, "transfer-encoding"):
            encodings += 1
            // Not even blanks behind it, over which servers have disagreed.
            if encodings > 1 || !ASCII.equal(text, "chunked") { refuse("unsupported Transfer-Encoding") }
        default:
            readBrowserField(name, value)
            guard let keptName = RequestFields.keptName(name) else { return }
            kept.append((keptName, String(decoding: value, as: UTF8.self)))
        }
    }

    private func readBrowserField(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) {
        switch name.count {
        // None of them twice: of two that disagree one would not be looked at.
        case 6 where ASCII.equal(name, "origin"):
            if browser.origin != nil { refuse("too many Origin headers") }
            browser.origin = value
        case 14 where ASCII.equal(name, "sec-fetch-site"):
            if browser.site != nil { refuse("too many Sec-Fetch-Site headers") }
            browser.site = value
        case 14 where ASCII.equal(name, "sec-fetch-mode"):
            if browser.mode != nil { refuse("too many Sec-Fetch-Mode headers") }
            browser.mode = value
        default: break
        }
    }

    private static func number(_ digits: UnsafeBufferPointer<UInt8>) -> Int? {
        var number = 0
        for digit in digits {
            guard digit &- UInt8(ascii: "0") < 10 else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            // Whatever it is exactly, it is too much.
            number = overflow || carry ? .max : sum
        }
        return digits.isEmpty ? nil : number
    }
}

private let readField: MHD_KeyValueIteratorN = { head, _, name, nameSize, value, valueSize in
    guard let head else { return .NO }
    Unmanaged<RequestHead>.fromOpaque(head).takeUnretainedValue().read(
        UnsafeBufferPointer(start: UnsafeRawPointer(name)?.assumingMemoryBound(to: UInt8.self), count: nameSize),
        UnsafeBufferPointer(start: UnsafeRawPointer(value)?.assumingMemoryBound(to: UInt8.self), count: valueSize)
    )
    return .YES
}
