// SPDX-License-Identifier: Apache-2.0
// wget, in busybox's manner and in that of GNU, whose texts and exit codes differ.

import PodiumMachinery
import PodiumRuntime

/// `wget`.
struct WgetProgram: Program {
    /// Redirections that busybox follows; GNU follows 20.
    private static let maximumRedirections = 5
    /// Attempts that are made when nothing is said.
    private static let usualTries = 20
    /// The longest pause between the attempts of GNU's.
    private static let longestPause = 10

    let words: [String]
    private var options: WgetOptions?
    private var index = 0
    private var tries = 0
    private var wakeAt: Timestamp?
    private var isWaiting = false
    private var code = 0

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        let isGNU = machine.container?.flavour != .ash
        if options == nil {
            let read = WgetOptions(words, isGNU: isGNU)
            options = read
            if read.isVersion {
                machine.print("GNU Wget 1.21.3 built on linux-gnu.\n")
                return .exited(0)
            }
            if let fault = read.fault {
                machine.complain(fault)
                return .exited(isGNU && !read.urls.isEmpty ? 2 : 1)
            }
        }
        guard let options else { return .exited(1) }
        while index < options.urls.count {
            if let wakeAt, machine.now < wakeAt { return .blocked(.time(wakeAt)) }
            wakeAt = nil
            var transfer = WgetTransfer(options, isGNU: isGNU, url: options.urls[index])
            transfer.hasTimedOut = isWaiting
            transfer.perform(limit: isGNU ? 20 : Self.maximumRedirections, &machine)
            isWaiting = false
            if let wait = transfer.waits {
                isWaiting = true
                wakeAt = machine.now + .milliseconds(Int64(wait))
                continue
            }
            if isGNU, retries(transfer, options, &machine) { continue }
            if transfer.code != 0 { code = transfer.code }
            if code != 0, !isGNU { return .exited(code) }
            (index, tries) = (index + 1, 0)
        }
        return .exited(code)
    }

    private mutating func retries(_ transfer: WgetTransfer, _ options: WgetOptions, _ machine: inout Machine) -> Bool {
        tries += 1
        let isTransient = transfer.hasTimedOut || transfer.isRefused && options.has("retry-connrefused")
        let limit = options["tries"].flatMap { $0 == "inf" ? 0 : Int($0) } ?? Self.usualTries
        guard isTransient, transfer.code != 0, limit == 0 || tries < limit else { return false }
        if !options.isQuiet { machine.complain("Retrying.\n") }
        wakeAt = machine.now + .seconds(Int64(min(tries, Self.longestPause)))
        return true
    }
}

/// The command line of wget.
struct WgetOptions: Sendable {
    /// Long names of options with a value, with their letters.
    private static let valued: [String: String] = [
        "output-document": "O", "output-file": "o", "append-output": "a", "timeout": "T", "tries": "t",
        "user-agent": "U", "directory-prefix": "P", "header": "", "post-data": "", "post-file": "", "proxy": "Y",
        "body-data": "", "body-file": "", "method": "", "user": "", "password": "", "http-user": "",
        "http-password": "", "wait": "w", "waitretry": "", "limit-rate": "", "quota": "Q", "level": "l",
        "dns-timeout": "", "connect-timeout": "", "read-timeout": "", "ca-certificate": "", "ca-directory": "",
        "certificate": "", "private-key": "", "max-redirect": "", "execute": "e", "input-file": "i", "progress": "",
        "retry-on-http-error": "", "load-cookies": "", "save-cookies": "", "referer": "", "secure-protocol": "",
        "accept": "A", "reject": "R", "include-directories": "I", "exclude-directories": "X", "cut-dirs": "",
        "bind-address": "", "base": "B", "domains": "D", "regex-type": "",
    ]

    /// Long names that busybox knows.
    private static let common: Set<String> = [
        "output-document", "output-file", "timeout", "tries", "user-agent", "directory-prefix", "header", "post-data",
        "post-file", "proxy", "continue", "quiet", "server-response", "spider", "no-check-certificate",
    ]

    private static let letters: [Character: String] = [
        "c": "continue", "q": "quiet", "S": "server-response", "N": "timestamping", "d": "debug", "v": "verbose",
        "r": "recursive", "p": "page-requisites", "k": "convert-links", "x": "force-directories", "b": "background",
        "4": "inet4-only", "6": "inet6-only", "E": "adjust-extension", "H": "span-hosts", "K": "backup-converted",
        "L": "relative", "F": "force-html", "m": "mirror",
    ]

    private(set) var settings: [(name: String, value: String)] = []
    private(set) var urls: [String] = []
    /// What is wrong with the words.
    private(set) var fault: String?
    private(set) var isVersion = false

    init(_ words: [String], isGNU: Bool) {
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            if word == "--" {
                urls += rest
                break
            }
            guard word.hasPrefix("-"), word.count > 1 else {
                urls.append(word)
                continue
            }
            word.hasPrefix("--") ? readLong(word, &rest, isGNU) : readLetters(word, &rest, isGNU)
        }
        isVersion = isGNU && (has("version") || has("help"))
        if let fault {
            self.fault = "wget: \(fault)\n" + Self.usage(isGNU)
        } else if urls.isEmpty, !isVersion {
            fault = (isGNU ? "wget: missing URL\n" : "") + Self.usage(isGNU)
        }
    }

    private static func usage(_ isGNU: Bool) -> String {
        if isGNU { return "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options." }
        return """
            BusyBox v1.36.1 multi-call binary.

            Usage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]
            \t[--post-data STR | --post-file FILE] [-Y on/off]
            \t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...

            Retrieve files via HTTP or FTP
            """
    }

    private mutating func readLong(_ word: String, _ rest: inout ArraySlice<String>, _ isGNU: Bool) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let given = String(parts[0])
        let candidates = Self.common.union(isGNU ? Set(Self.valued.keys) : []).filter { $0.hasPrefix(given) }
        let name = candidates.contains(given) ? given : candidates.count == 1 ? candidates.first ?? given : given
        if Self.valued[name] != nil {
            guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst() else {
                fault = "option '\(word)' requires an argument"
                return
            }
            settings.append((name, value))
        } else if isGNU ? Self.isPlain(name) : Self.common.contains(name) {
            settings.append((name, parts.count > 1 ? String(parts[1]) : ""))
        } else {
            fault = "unrecognized option '\(word)'"
        }
    }

    /// Options of GNU's without a value.
    private static func isPlain(_ name: String) -> Bool {
        letters.values.contains(name) || common.contains(name) || name.hasPrefix("no-")
            || [
                "version", "help", "non-verbose", "show-progress", "content-disposition", "content-on-error",
                "trust-server-names", "auth-no-challenge", "retry-connrefused", "retry-on-host-error", "https-only",
                "random-wait", "keep-session-cookies", "ignore-length", "passive-ftp", "unlink", "delete-after",
                "protocol-directories", "ignore-case", "ask-password", "compression", "save-headers",
            ].contains(name)
    }

    private mutating func readLetters(_ word: String, _ rest: inout ArraySlice<String>, _ isGNU: Bool) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            if isGNU, letter == "n", let next = letters.popFirst() {
                settings.append((next == "v" ? "non-verbose" : "no-\(next)", ""))
            } else if isGNU, letter == "V" || letter == "h" {
                settings.append(("version", ""))
            } else if !isGNU, letter == "n" {
                continue
            } else if let name = Self.valued.first(where: { $0.value == String(letter) })?.key,
                isGNU || Self.common.contains(name)
            {
                guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                    fault = "option requires an argument -- '\(letter)'"
                    return
                }
                settings.append((name, value))
                return
            } else if let name = Self.letters[letter], isGNU || Self.common.contains(name) {
                settings.append((name, ""))
            } else {
                fault = "invalid option -- '\(letter)'"
                return
            }
        }
    }

    func has(_ name: String) -> Bool { settings.contains { $0.name == name } }
    subscript(name: String) -> String? { settings.last { $0.name == name }?.value }
    func values(of name: String) -> [String] { settings.filter { $0.name == name }.map(\.value) }

    var isQuiet: Bool { has("quiet") || has("non-verbose") }

    /// The milliseconds after which a connection is given up; nil without a limit of its own.
    var timeout: Int? {
        (self["connect-timeout"] ?? self["timeout"]).flatMap { Double($0) }.flatMap { seconds in
            seconds > 0 ? (seconds * 1000).whole(upTo: CurlProgram.longestTime) : nil
        }
    }
}
