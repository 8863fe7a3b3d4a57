// SPDX-License-Identifier: Apache-2.0
// The house style as rules: each gets a file and says what is wrong with it.

/// A file as the rules see it.
struct TidyFile {
    /// From the root of the package: `Sources/PodiumCodec/JSONValue.swift`.
    let path: String
    let source: ScannedSource

    init(path: String, text: String) {
        self.path = path
        source = ScannedSource(text)
    }

    /// The target, for a file below `Sources`.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    var isTest: Bool { path.hasPrefix("Tests/") }
}

/// The rules.
enum TidyRules {
    static let maximumFileLines = 600
    static let maximumTestFileLines = 800
    static let maximumFunctionLines = 70
    static let maximumColumns = 120

    /// What is wrong with `file`, as `path:line: problem`.
    static func problems(of file: TidyFile) -> [String] {
        header(file) + size(file) + columns(file) + functions(file) + banned(file) + durations(file) + imports(file)
            + trees(file) + storageReads(file)
            + typeNames(file)
    }

    private static func header(_ file: TidyFile) -> [String] {
        let lines = file.source.lines
        guard lines.first == "// SPDX-License-Identifier: Apache-2.0" else {
            return ["\(file.path):1: no licence line"]
        }
        guard lines.count > 1, lines[1].hasPrefix("// ") else {
            return ["\(file.path):2: no sentence on what the file decides"]
        }
        return []
    }

    private static func size(_ file: TidyFile) -> [String] {
        // Tables of plain data may say so on their second line.
        if file.source.lines.count > 1, file.source.lines[1].hasPrefix("// Tabular data: ") { return [] }
        let limit = file.isTest ? maximumTestFileLines : maximumFileLines
        let count = file.source.lines.count
        return count > limit ? ["\(file.path):\(count): \(count) lines, more than \(limit)"] : []
    }

    private static func columns(_ file: TidyFile) -> [String] {
        file.source.lines.enumerated().compactMap { number, line in
            if line.hasSuffix(" ") || line.hasSuffix("\t") { return "\(file.path):\(number + 1): trailing space" }
            // A text that clients see is not broken to fit.
            if line.contains("\"") { return nil }
            return line.count > maximumColumns ? "\(file.path):\(number + 1): \(line.count) columns" : nil
        }
    }

    private static func functions(_ file: TidyFile) -> [String] {
        if file.isTest { return [] }
        return file.source.functions.filter { $0.length > maximumFunctionLines }.map {
            "\(file.path):\($0.line): a function of \($0.length) lines, more than \(maximumFunctionLines)"
        }
    }

    // MARK: Banned constructs

    /// A construct, why not, and where it may stand all the same.
    private struct Ban {
        let text: String
        let reason: String
        var allowed: Set<String> = []
    }

    private static let bans = [
        Ban(text: "try!", reason: "handle the error"),
        Ban(text: "as!", reason: "use as? and say what happens otherwise"),
        Ban(text: "fatalError(", reason: "use preconditionFailure with a reason, or throw"),
        Ban(text: "nonisolated(unsafe)", reason: "use one of the three homes of state"),
        Ban(
            text: "@unchecked Sendable",
            reason: "use Confined, a Mutex or a value",
            allowed: ["Sources/PodiumHost/Confined.swift", "Sources/PodiumCodec/EncodedBytes.swift"]
        ),
        Ban(text: "async let", reason: "Dispatch and the simulator cannot both schedule it"),
        Ban(text: "await ", reason: "Dispatch and the simulator cannot both schedule it"),
        Ban(text: "essage.hasPrefix(", reason: "decide by a value, not by the words of a message"),
        Ban(text: "essage.hasSuffix(", reason: "decide by a value, not by the words of a message"),
        Ban(text: "essage.contains(", reason: "decide by a value, not by the words of a message"),
        Ban(text: "import Foundation", reason: "no request path may need Foundation"),
    ]

    /// Reading clocks, drawing numbers and making queues belong to the host.
    private static let hostBans = [
        Ban(text: "SystemRandomNumberGenerator", reason: "randomness comes from Host"),
        Ban(text: ".random(in", reason: "randomness comes from Host"),
        Ban(text: "Date()", reason: "time comes from Host"),
        Ban(text: "clock_gettime", reason: "time comes from Host", allowed: ["PodiumHTTP"]),
        Ban(text: "ContinuousClock", reason: "time comes from Host", allowed: ["PodiumHTTP"]),
        Ban(text: "DispatchQueue(", reason: "queues come from Host", allowed: ["PodiumHTTP", "PodiumCLI"]),
    ]

    private static func banned(_ file: TidyFile) -> [String] {
        guard let target = file.target else { return [] }
        var bans = bans
        if target != "PodiumHost" { bans += hostBans }
        var problems: [String] = []
        for (number, line) in file.source.code.enumerated() {
            for ban in bans
            where line.contains(ban.text) && !ban.allowed.contains(file.path) && !ban.allowed.contains(target) {
                problems.append("\(file.path):\(number + 1): \(ban.text): \(ban.reason)")
            }
        }
        for (number, line) in file.source.lines.enumerated() where line.contains("TODO") || line.contains("FIXME") {
            problems.append("\(file.path):\(number + 1): unfinished mark")
        }
        return problems
    }

    /// A duration in figures is a fact that somebody found somewhere, and so has a name beside which that can be said.
    private static func durations(_ file: TidyFile) -> [String] {
        guard file.target != nil else { return [] }
        return file.source.code.enumerated().compactMap { number, line in
            // Most lines need no closer look.
            guard line.contains("econds(") || line.contains("minutes("),
                line.contains(#/\.(seconds|milliseconds|microseconds|minutes)\(\d/#),
                !line.contains(#/\b(let|var) \w+(: \w+)? = /#)
            else { return nil }
            return "\(file.path):\(number + 1): a duration without a name"
        }
    }

    /// A failed read of storage is not nothing.
    private static func storageReads(_ file: TidyFile) -> [String] {
        guard file.target != nil else { return [] }
        return file.source.code.enumerated().compactMap { number, line in
            guard line.contains("try?"), line.contains(#/(storage|client|store|api)\./#) else { return nil }
            return "\(file.path):\(number + 1): try? on storage: a failed read is not nothing"
        }
    }

    /// Where documents are read by `DocumentReader`, whatever holds them.
    private static let treelessFolders = ["Sources/PodiumSchema/Merge/", "Sources/PodiumSchema/Ownership/"]

    /// What walks documents does not say that they are trees; only the compiler is told which ones to make it fast for.
    private static func trees(_ file: TidyFile) -> [String] {
        guard treelessFolders.contains(where: { file.path.hasPrefix($0) }) else { return [] }
        return file.source.code.enumerated().compactMap { number, line in
            guard line.contains("JSONValue"), !line.contains("@_specialize("), !line.contains("JSONValue(json:") else {
                return nil
            }
            return "\(file.path):\(number + 1): JSONValue where DocumentReader is enough"
        }
    }

    // MARK: Layers

    /// Which of our modules a target may import. `Package.swift` says the same to the compiler; this says it to people.
    static let layers: [String: Set<String>] = {
        let codec: Set = ["PodiumCodec"]
        let machinery = codec.union(["PodiumMachinery"])
        let host = machinery.union(["PodiumHost"])
        let storage = host.union(["PodiumStorage"])
        let podModel = machinery.union(["PodiumPodModel"])
        let client = storage.union(["PodiumClient"])
        let schema = machinery.union(["PodiumSchema"])
        let registry = storage.union(schema).union(["PodiumRegistry"])
        let kinds = registry.union(podModel).union(["PodiumKinds"])
        let server = kinds.union(["PodiumExchange", "CPodiumData", "CPodiumKeys"])
        return [
            "PodiumCodec": ["CYAML"],
            "PodiumMachinery": codec,
            "PodiumHost": machinery,
            "PodiumExchange": codec,
            "PodiumSchema": machinery.union(["CPodiumData"]),
            "PodiumStorage": host,
            "PodiumAPIServer": server,
            "PodiumPodModel": machinery,
            "PodiumRegistry": storage.union(schema),
            "PodiumKinds": registry.union(podModel).union(["CPodiumData"]),
            "PodiumClient": storage,
            "PodiumControllers": client.union(podModel),
            "PodiumScheduler": client.union(podModel),
            "PodiumRuntime": podModel.union(["CPodiumData"]),
            "PodiumShell": machinery.union(["PodiumRuntime"]),
            "PodiumKubelet": client.union(podModel).union(["PodiumRuntime"]),
            "PodiumHTTP": host.union(["CMicroHTTPD", "CPodiumHTTP", "PodiumExchange"]),
            "Podium": client.union(podModel).union(server).union([
                "PodiumAPIServer", "PodiumControllers", "PodiumScheduler", "PodiumRuntime", "PodiumShell",
                "PodiumKubelet", "PodiumHTTP",
            ]),
            "PodiumCLI": ["CPodiumProcess", "Podium"],
        ]
    }()

    private static func imports(_ file: TidyFile) -> [String] {
        guard let target = file.target, let allowed = layers[target] else { return [] }
        return file.source.code.enumerated().compactMap { number, line in
            let words = line.split(separator: " ")
            guard words.count >= 2, words.contains("import"), let module = words.last.map(String.init) else {
                return nil
            }
            let isOurs =
                layers[module] != nil || module.hasPrefix("CPodium") || ["CMicroHTTPD", "CYAML"].contains(module)
            if isOurs, !allowed.contains(module) {
                return "\(file.path):\(number + 1): \(target) may not import \(module)"
            }
            let isDispatch = module == "Dispatch"
            if isDispatch, !["PodiumHost", "PodiumHTTP", "PodiumCLI"].contains(target) {
                return "\(file.path):\(number + 1): \(target) may not import Dispatch"
            }
            return nil
        }
    }

    // MARK: Names

    private static let bannedNames = ["Helper", "Util", "Utils", "Impl", "Base", "Data"]

    private static func typeNames(_ file: TidyFile) -> [String] {
        file.source.code.enumerated().compactMap { number, line in
            let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            guard
                let keyword = words.firstIndex(where: { ["struct", "class", "enum", "protocol", "actor"].contains($0) }
                ),
                words.indices.contains(keyword + 1)
            else { return nil }
            let name = words[keyword + 1]
            guard name.first?.isUppercase == true, let bad = bannedNames.first(where: { name.hasSuffix($0) }) else {
                return nil
            }
            return "\(file.path):\(number + 1): \(name): a name that ends in \(bad) says nothing"
        }
    }
}
