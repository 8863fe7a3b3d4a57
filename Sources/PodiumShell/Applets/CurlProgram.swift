// SPDX-License-Identifier: Apache-2.0
// curl: what it asks for, how often it tries again, and how long it waits for nobody.

import PodiumMachinery
import PodiumRuntime

/// `curl`.
struct CurlProgram: Program {
    /// After how long the kernel gives an address up that does not answer.
    static let connectTimeout = 130_000
    /// The milliseconds that an option can give at most, some thirty years.
    static let longestTime = 1_000_000_000_000
    /// Redirections that are followed without `--max-redirs`.
    static let maximumRedirections = 50
    /// The longest pause between attempts.
    static let maximumPause = 600_000
    /// The bytes of standard input that are sent.
    static let maximumInput = 4 << 20

    let words: [String]
    private var options: CurlOptions?
    private var input: [UInt8] = []
    private var hasInput = false
    /// The URL whose turn it is.
    private var index = 0
    private var attempts = 0
    private var startedAt: Timestamp?
    /// The end of a pause between attempts or of a wait for an answer.
    private var wakeAt: Timestamp?
    /// What the wait for an answer comes to.
    private var pending: CurlTransfer?
    private var code = 0

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if options == nil, let code = begin(&machine) { return .exited(code) }
        guard let options else { return .exited(2) }
        if !hasInput, let wait = readInput(options, &machine) { return .blocked(wait) }
        while index < options.urls.count {
            if let wakeAt, machine.now < wakeAt { return .blocked(.time(wakeAt)) }
            wakeAt = nil
            let start = startedAt ?? machine.now
            startedAt = start
            var transfer = pending ?? CurlTransfer(options, url: options.urls[index], input: input)
            if pending == nil {
                transfer.perform(&machine)
                pending = transfer
                if transfer.waits > 0 {
                    wakeAt = machine.now + .milliseconds(Int64(transfer.waits))
                    continue
                }
            }
            pending = nil
            transfer.deliver(number: index, &machine)
            code = transfer.code
            if retries(transfer, options, since: start, &machine) { continue }
            if code != 0, options.has("fail-early") { return .exited(code) }
            (index, attempts, startedAt) = (index + 1, 0, nil)
        }
        return .exited(code)
    }

    /// Reads the words; the code with which curl ends at once.
    private mutating func begin(_ machine: inout Machine) -> Int? {
        let hint = "curl: try 'curl --help' or 'curl --manual' for more information"
        do {
            let read = try CurlOptions(words)
            options = read
            if read.has("version") {
                machine.print("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\nRelease-Date: 2023-02-20\n")
                machine.print(
                    "Protocols: file http https\nFeatures: alt-svc AsynchDNS IPv6 Largefile libz SSL threadsafe\n"
                )
                return 0
            }
            if read.has("help") {
                machine.print("Usage: curl [options...] <url>\n")
                return 0
            }
            for name in [
                "config", "proxy", "preproxy", "socks5", "socks5-hostname", "range", "continue-at", "unix-socket",
            ]
            where read.has(name) {
                machine.note("The option --\(name) of curl is not simulated")
            }
            guard read.urls.isEmpty else { return nil }
            machine.complain(hint)
        } catch {
            machine.complain("curl: \(error.text)\n\(hint)")
        }
        return 2
    }

    private mutating func readInput(_ options: CurlOptions, _ machine: inout Machine) -> Wait? {
        let isWanted = options.settings.contains { setting in
            setting.name.hasPrefix("data") && setting.name != "data-raw" && setting.value == "@-"
                || setting.name == "upload-file" && setting.value == "-"
                || setting.name == "json" && setting.value == "@-"
        }
        while isWanted {
            switch machine.read(0) {
            case .bytes(let bytes): if input.count < Self.maximumInput { input += bytes }
            case .wait(let wait): return wait
            case .end, .failed:
                hasInput = true
                return nil
            }
        }
        hasInput = true
        return nil
    }

    /// Whether the URL is tried again, after a pause.
    private mutating func retries(
        _ transfer: CurlTransfer,
        _ options: CurlOptions,
        since start: Timestamp,
        _ machine: inout Machine
    ) -> Bool {
        let limit = options["retry"].flatMap { Int($0) } ?? 0
        guard attempts < limit, let reason = transfer.reasonToRetry else { return false }
        let doubled = min(1000 << min(attempts, 20), Self.maximumPause)
        let given = options.milliseconds("retry-delay") ?? 0
        let pause = given > 0 ? given : doubled
        let elapsed = Int((machine.now - start).nanoseconds / 1_000_000)
        if let longest = options.milliseconds("retry-max-time"), longest > 0, elapsed + pause > longest { return false }
        let left = limit - attempts
        attempts += 1
        if !options.has("silent") || options.has("show-error") {
            let text = "Problem : \(reason). Will retry in \(pause / 1000) seconds. \(left) retries left."
            CurlTransfer.warn(text, &machine)
        }
        wakeAt = machine.now + .milliseconds(Int64(pause))
        return true
    }
}
