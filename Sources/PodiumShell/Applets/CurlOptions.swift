// SPDX-License-Identifier: Apache-2.0
// The command line of curl: which options there are, which take a value, what is wrong with others.

import PodiumRuntime

/// Why curl does not start.
struct CurlUsage: Error, Hashable, Sendable {
    var text: String
}

/// The words of a curl command line, read.
struct CurlOptions: Sendable {
    /// An option with its value, empty for those that have none.
    struct Setting: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// Long names of options that take a value, with their letters.
    private static let valued = table(
        """
        abstract-unix-socket alt-svc cacert capath cert:E cert-type ciphers config:K connect-timeout connect-to \
        continue-at:C cookie:b cookie-jar:c create-file-mode crlfile curves data:d data-ascii data-binary data-raw \
        data-urlencode delegation dns-interface dns-ipv4-addr dns-servers doh-url \
        dump-header:D egd-file engine etag-compare \
        etag-save expect100-timeout form:F form-string ftp-port:P happy-eyeballs-timeout-ms header:H hostpubmd5 hsts \
        interface json keepalive-time key key-type krb libcurl limit-rate local-port login-options max-filesize \
        max-redirs \
        max-time:m netrc-file noproxy oauth2-bearer output:o output-dir parallel-max pass pinnedpubkey preproxy proto \
        proto-default proto-redir proxy:x proxy-cacert proxy-header proxy-user:U pubkey quote:Q range:r rate referer:e \
        request:X request-target resolve retry retry-delay retry-max-time service-name socks4 socks4a socks5 \
        socks5-hostname speed-limit:Y speed-time:y stderr telnet-option:t tls-max tls13-ciphers trace trace-ascii \
        unix-socket upload-file:T url url-query user:u user-agent:A write-out:w
        """
    )

    /// Long names of options without a value, with their letters.
    private static let plain = table(
        """
        anyauth append:a basic ca-native cert-status compressed compressed-ssh create-dirs crlf digest disable:q \
        disable-epsv disallow-username-in-url fail:f fail-early fail-with-body false-start get:G globoff:g \
        haproxy-protocol head:I help:h http0.9 http1.0:0 http1.1 http2 http2-prior-knowledge http3 include:i \
        insecure:k ipv4:4 ipv6:6 junk-session-cookies:j list-only:l location:L \
        location-trusted manual:M metalink negotiate netrc:n \
        netrc-optional next:: buffer no-buffer:N \
        keepalive alpn npn ntlm parallel:Z parallel-immediate path-as-is \
        post301 post302 post303 progress-bar:# progress-meter proxy-insecure proxytunnel:p raw remote-header-name:J \
        remote-name:O remote-name-all remote-time:R remove-on-error retry-all-errors retry-connrefused sasl-ir \
        sessionid show-error:S silent:s ssl ssl-allow-beast ssl-no-revoke ssl-reqd sslv2:2 sslv3:3 styled-output \
        suppress-connect-headers tcp-fastopen tcp-nodelay tlsv1:1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding \
        trace-time use-ascii:B verbose:v version:V xattr
        """
    )

    private static let numeric: Set<String> = [
        "connect-timeout", "expect100-timeout", "keepalive-time", "max-redirs", "max-time", "parallel-max", "retry",
        "retry-delay", "retry-max-time", "speed-limit", "speed-time",
    ]

    private static let letters: [Character: String] = valued.merging(plain) { first, _ in first }
        .reduce(into: [:]) { letters, item in
            if let letter = item.value { letters[letter] = item.key }
        }

    /// Names by letter, from `name:x` and `name`.
    private static func table(_ text: String) -> [String: Character?] {
        var table: [String: Character?] = [:]
        for word in text.split(separator: " ") {
            if let colon = word.firstIndex(of: ":") {
                table[String(word[..<colon])] = .some(word[word.index(after: colon)])
            } else {
                table[String(word)] = .some(nil)
            }
        }
        return table
    }

    /// The settings in their order.
    private(set) var settings: [Setting] = []
    private(set) var urls: [String] = []

    init(_ words: [String]) throws(CurlUsage) {
        var rest = words.dropFirst()
        var isPlain = false
        while let word = rest.popFirst() {
            if isPlain || !word.hasPrefix("-") || word == "-" {
                urls.append(word)
            } else if word == "--" {
                isPlain = true
            } else if word.hasPrefix("--") {
                try readLong(String(word.dropFirst(2)), word, &rest)
            } else {
                try readLetters(word, &rest)
            }
        }
        urls += values(of: "url")
    }

    private mutating func readLong(_ name: String, _ word: String, _ rest: inout ArraySlice<String>) throws(CurlUsage) {
        if Self.valued[name] != nil { return try add(name, rest.popFirst(), word) }
        if Self.plain[name] != nil { return settings.append(Setting(name: name, value: "")) }
        if name.hasPrefix("no-"), Self.plain[String(name.dropFirst(3))] != nil {
            settings.removeAll { $0.name == name.dropFirst(3) }
            return settings.append(Setting(name: name, value: ""))
        }
        // Whatever begins only one name stands for it.
        let names = Self.valued.keys.filter { $0.hasPrefix(name) } + Self.plain.keys.filter { $0.hasPrefix(name) }
        guard let only = names.first, !name.isEmpty else { throw CurlUsage(text: "option \(word): is unknown") }
        if names.count > 1 { throw CurlUsage(text: "option \(word): is ambiguous") }
        try readLong(only, word, &rest)
    }

    private mutating func readLetters(_ word: String, _ rest: inout ArraySlice<String>) throws(CurlUsage) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = Self.letters[letter] else { throw CurlUsage(text: "option \(word): is unknown") }
            if Self.valued[name] == nil {
                settings.append(Setting(name: name, value: ""))
                continue
            }
            return try add(name, letters.isEmpty ? rest.popFirst() : String(letters), word)
        }
    }

    private mutating func add(_ name: String, _ value: String?, _ word: String) throws(CurlUsage) {
        guard let value else { throw CurlUsage(text: "option \(word): requires parameter") }
        if Self.numeric.contains(name), Double(value).map({ $0 < 0 }) ?? true {
            throw CurlUsage(text: "option \(word): expected a proper numerical parameter")
        }
        settings.append(Setting(name: name, value: value))
    }

    /// Whether an option was given.
    func has(_ name: String) -> Bool { settings.contains { $0.name == name } }

    /// The last value of an option.
    subscript(name: String) -> String? { settings.last { $0.name == name }?.value }

    /// All values of an option.
    func values(of name: String) -> [String] { settings.filter { $0.name == name }.map(\.value) }

    /// Seconds as a duration in milliseconds.
    func milliseconds(_ name: String) -> Int? {
        self[name].flatMap { Double($0) }.map { ($0 * 1000).whole(upTo: CurlProgram.longestTime) }
    }
}
