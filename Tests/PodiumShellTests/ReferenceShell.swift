// SPDX-License-Identifier: Apache-2.0
// Runs scripts in the real shells of this machine, each in a directory of its own, and says what they came to.

import Foundation

/// The shells that images have.
enum Dialect: String, CaseIterable, Sendable {
    case ash, dash, bash

    /// The package and program of the real one.
    var program: String { self == .ash ? "busybox" : rawValue }
    /// An image whose shell it is.
    var image: String { self == .ash ? "busybox:1.36" : "debian:12" }
    /// The name by which it is called.
    var shell: String { self == .bash ? "bash" : "sh" }

    /// Where the real one is; nil when it is not installed.
    var path: String? {
        ["/usr/bin/", "/bin/"].map { $0 + program }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// What a script came to.
struct ScriptOutcome: Hashable, Sendable {
    var output: String
    var errors: String
    var code: Int
}

/// A real shell. Its programs are busybox's own for ash, those of this machine otherwise.
struct ReferenceShell {
    /// Where scripts run, as far as they can see; the real place is a directory of its own for each.
    static let directory = "/tmp/case"

    /// Runs every script, at most as many at once as there are processors. What runs the tests may ignore signals.
    private static let driver = """
        run() {
            cd "$1/place" && timeout -k 1 20 env -i --default-signal PATH="$REFERENCE_PATH" HOME=/root HOSTNAME=web-0 LC_ALL=C \
                "$REFERENCE_SHELL" -c "$(cat ../script)" "$REFERENCE_SHELL" >../output 2>../errors </dev/null
            echo $? >../code
        }
        export -f run
        printf '%s\\n' "$REFERENCE_ROOT"/cases/* | xargs -P "$(nproc)" -I@ bash -c 'run @'
        """

    let dialect: Dialect
    private let root: URL

    /// A shell with an empty directory; nil when it is not installed.
    init?(_ dialect: Dialect, under place: URL = FileManager.default.temporaryDirectory) throws {
        guard let path = dialect.path else { return nil }
        self.dialect = dialect
        root = place.appending(path: "podium-reference-\(dialect.rawValue)-\(UUID().uuidString)")
        let programs = root.appending(path: "bin")
        try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
        var names = [dialect.shell]
        if dialect == .ash { names += try Self.output(of: path, ["--list"]).split(separator: "\n").map(String.init) }
        for name in Set(names) {
            let link = programs.appending(path: name).path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        }
    }

    /// Takes the directory away.
    func remove() throws { try FileManager.default.removeItem(at: root) }

    /// What the scripts come to, in their order. Files are there before a script begins, by absolute path below its
    /// directory.
    func run(_ scripts: [String], files: [String: Data] = [:]) throws -> [ScriptOutcome] {
        let cases = root.appending(path: "cases")
        for (number, script) in scripts.enumerated() {
            let place = cases.appending(path: String(100_000 + number)).appending(path: "place")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try Data(script.utf8).write(to: place.deletingLastPathComponent().appending(path: "script"))
            for (name, data) in files { try data.write(to: place.appending(path: name)) }
        }
        let search = dialect == .ash ? "" : ":/usr/bin:/bin"
        _ = try Self.output(
            of: "/usr/bin/env",
            ["bash", "-c", Self.driver],
            environment: [
                "PATH": "/usr/bin:/bin", "REFERENCE_ROOT": root.path, "REFERENCE_SHELL": dialect.shell,
                "REFERENCE_PATH": root.appending(path: "bin").path + search,
            ]
        )
        return try scripts.indices.map { try outcome(of: cases.appending(path: String(100_000 + $0))) }
    }

    private func outcome(of folder: URL) throws -> ScriptOutcome {
        func text(_ name: String) throws -> String {
            let data = try Data(contentsOf: folder.appending(path: name))
            // What /tmp really is may show in what a script prints.
            return String(decoding: data, as: UTF8.self)
                .replacing(folder.appending(path: "place").path, with: Self.directory)
                .replacing(root.appending(path: "bin").path, with: "/bin")
        }
        let code = try text("code").filter { !$0.isWhitespace }
        return ScriptOutcome(output: try text("output"), errors: try text("errors"), code: Int(code) ?? -1)
    }

    /// What a program of this machine prints.
    static func output(of path: String, _ words: [String], environment: [String: String]? = nil) throws -> String {
        let process = Foundation.Process()
        process.executableURL = URL(filePath: path)
        process.arguments = words
        if let environment { process.environment = environment }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
