// SPDX-License-Identifier: Apache-2.0
// redis-cli: one command from its words, or one from each line of its input.

import PodiumCodec
import PodiumRuntime

/// `redis-cli`, whose server keeps nothing.
struct RedisClient: Program {
    static let applets: [String: WaitingApplet] = [
        "redis-cli": { RedisClient(words: $0) }, "valkey-cli": { RedisClient(words: $0) },
    ]

    /// The bytes of a line; one that is longer is cut there.
    private static let maximumLineBytes = 64 << 10

    private let command: [String]
    private let host: String
    private let port: Int
    private let showsVersion: Bool
    /// The line that is being read.
    private var line: [UInt8] = []
    private var hasBegun = false

    init(words: [String]) {
        let long: [String: Character] = [
            "user": "U", "pass": "a", "uri": "u", "cacert": "A", "cacertdir": "A", "cert": "B", "key": "C", "sni": "S",
            "eval": "E", "rdb": "R", "pipe-timeout": "T", "version": "v",
        ]
        let options = AppletOptions(words, valued: "hpstaurinDdUABCSERT", stops: true, long: long)
        let named = Applets.place(options["u"], schemes: ["redis", "rediss"])
        showsVersion = options.has("v")
        command = options.words
        host = options["h"] ?? named?.host ?? "127.0.0.1"
        port = options["p"].flatMap { Int($0) } ?? named?.port ?? 6379
    }

    var heldBytes: Int { line.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        if showsVersion { return .exited(Applets.show(&machine, "redis-cli 7.2.5\n")) }
        if !command.isEmpty { return .exited(send(command, &machine) ? 0 : 1) }
        if !hasBegun {
            hasBegun = true
            // Where nobody answers it says so before it has read anything, and again for each line.
            _ = isConnected(&machine)
        }
        while true {
            machine.spend()
            if machine.mustYield { return .ready }
            switch machine.readPiece(0) {
            case .bytes(let bytes):
                line += bytes.prefix(max(0, Self.maximumLineBytes - line.count))
                if bytes.last == 0x0A, sendLine(&machine) { return .exited(0) }
            case .wait(let wait): return .blocked(wait)
            case .end, .failed:
                _ = sendLine(&machine)
                return .exited(0)
            }
        }
    }

    /// Sends the line; whether it ends the session.
    private mutating func sendLine(_ machine: inout Machine) -> Bool {
        let words = Self.words(of: line)
        line = []
        guard let first = words.first?.lowercased() else { return false }
        if first == "exit" || first == "quit" { return true }
        _ = send(words, &machine)
        return false
    }

    /// The words of a line, with quotes.
    private static func words(of line: [UInt8]) -> [String] {
        var words: [String] = []
        var word: [UInt8]?
        var quote: UInt8?
        for unit in line {
            if let open = quote {
                if unit == open { quote = nil } else { word?.append(unit) }
            } else if unit == UInt8(ascii: "'") || unit == UInt8(ascii: "\"") {
                quote = unit
                word = word ?? []
            } else if unit.isBlank {
                if let word { words.append(word.text) }
                word = nil
            } else {
                if word == nil { word = [] }
                word?.append(unit)
            }
        }
        return words + (word.map { [$0.text] } ?? [])
    }

    private func isConnected(_ machine: inout Machine) -> Bool {
        let fault: String
        switch Applets.contact(host, port, machine) {
        case .connected: return true
        case .unknown: fault = "Name or service not known"
        case .refused: fault = "Connection refused"
        }
        machine.complain("Could not connect to Redis at \(host):\(port): \(fault)")
        return false
    }

    private func send(_ words: [String], _ machine: inout Machine) -> Bool {
        guard isConnected(&machine) else { return false }
        machine.print(Self.answer(words, &machine) + "\n")
        return true
    }

    /// What a server that keeps nothing says to a command.
    private static func answer(_ words: [String], _ machine: inout Machine) -> String {
        switch words.first?.lowercased() {
        case "ping": return words.count > 1 ? words[1] : "PONG"
        case "echo": return words.count > 1 ? words[1] : ""
        case "auth", "select": return "OK"
        case "set", "mset", "setex", "config", "save", "flushall", "flushdb", "replicaof", "slaveof", "rename":
            Applets.noteQuestions("redis-cli", &machine)
            return "OK"
        default:
            Applets.noteQuestions("redis-cli", &machine)
            return ""
        }
    }
}
