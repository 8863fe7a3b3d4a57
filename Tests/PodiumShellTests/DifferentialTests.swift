// SPDX-License-Identifier: Apache-2.0
// The simulated shells and programs against the real ones: equal output and equal exit code.

import Foundation
import PodiumRuntime
import PodiumSandboxTesting
import Testing

/// A script of a file of cases.
struct DifferentialCase: Sendable {
    var script: String
    var dialects: [Dialect]
    /// Whether standard error must be equal too.
    var comparesErrors: Bool
    var line: Int

    func matches(_ ours: ScriptOutcome, _ real: ScriptOutcome) -> Bool {
        ours.code == real.code && ours.output == real.output && (!comparesErrors || ours.errors == real.errors)
    }
}

/// A file of cases. A line is a script; one of several lines stands between `{{{` and `}}}`. Lines that begin with `# `
/// are remarks, `@dialects ash dash bash` and `@errors yes` or `no` hold from there on.
struct DifferentialFile: CustomTestStringConvertible, Sendable {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")

    var name: String
    var testDescription: String { name }

    /// The files that there are, or the one that `$PODIUM_CASES` names.
    static let all: [DifferentialFile] = {
        if let name = ProcessInfo.processInfo.environment["PODIUM_CASES"] { return [DifferentialFile(name: name)] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".cases") }.sorted().map { DifferentialFile(name: $0) }
    }()

    func cases() throws -> [DifferentialCase] {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        var found: [DifferentialCase] = []
        var dialects = Dialect.allCases
        var comparesErrors = false
        var block: [Substring]?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            func add(_ script: String) {
                let item = DifferentialCase(
                    script: script,
                    dialects: dialects,
                    comparesErrors: comparesErrors,
                    line: index + 1
                )
                found.append(item)
            }
            if line == "}}}", let lines = block {
                add(lines.joined(separator: "\n"))
                block = nil
            } else if block != nil {
                block?.append(line)
            } else if line == "{{{" {
                block = []
            } else if line.hasPrefix("@dialects ") {
                dialects = line.split(separator: " ").dropFirst().compactMap { Dialect(rawValue: String($0)) }
            } else if line.hasPrefix("@errors ") {
                comparesErrors = line.hasSuffix("yes")
            } else if !line.isEmpty, !line.hasPrefix("# ") {
                add(String(line))
            }
        }
        return found
    }
}

extension ScriptOutcome {
    /// What a simulated shell comes to in a container that waits; a script that does not end within a minute has the
    /// code of `timeout`.
    init(_ script: String, dialect: Dialect, files: [String: Data] = [:]) throws {
        var tester = SandboxTester()
        let main = try tester.start(sh: "trap 'exit 0' TERM; while :; do sleep 1000; done", image: dialect.image) {
            $0.workingDirectory = ReferenceShell.directory
            $0.environment = [EnvironmentVariable("LC_ALL", "C")]
        }
        for (name, data) in files {
            let text = data.base64EncodedString()
            let path = "\(ReferenceShell.directory)/\(name)"
            _ = try tester.exec(["sh", "-c", "echo \(text) | base64 -d > \(path)"], in: main)
        }
        let result = try tester.exec([dialect.shell, "-c", script, dialect.shell], in: main)
        output = String(decoding: result?.output ?? [], as: UTF8.self)
        errors = String(decoding: result?.errors ?? [], as: UTF8.self)
        code = result?.exitCode ?? 124
    }
}

@Suite struct DifferentialTests {
    @Test func thereAreEnoughCases() throws {
        let cases = try DifferentialFile.all.flatMap { try $0.cases() }
        #expect(cases.count >= 300)
    }

    @Test(arguments: DifferentialFile.all)
    func scriptsComeToWhatBusyboxSays(_ file: DifferentialFile) throws { try compare(file, .ash) }

    @Test(arguments: DifferentialFile.all)
    func scriptsComeToWhatDashSays(_ file: DifferentialFile) throws { try compare(file, .dash) }

    @Test(arguments: DifferentialFile.all)
    func scriptsComeToWhatBashSays(_ file: DifferentialFile) throws { try compare(file, .bash) }

    /// Whether the real one comes to the same when nothing else is compared, of three times once: on a busy machine, a
    /// script whose processes run at a time may have been the exception.
    private static func agreesAlone(
        _ item: DifferentialCase,
        _ ours: ScriptOutcome,
        _ dialect: Dialect
    ) throws -> Bool {
        try (0..<3).contains { _ in
            guard let reference = try ReferenceShell(dialect) else { return false }
            let outcomes = try reference.run([item.script])
            try reference.remove()
            return outcomes.contains { item.matches(ours, $0) }
        }
    }

    private func compare(_ file: DifferentialFile, _ dialect: Dialect) throws {
        let cases = try file.cases().filter { $0.dialects.contains(dialect) }
        guard !cases.isEmpty else { return }
        guard let reference = try ReferenceShell(dialect) else {
            print("\(file.name): not compared with \(dialect.program), which is not installed")
            return
        }
        let expected = try reference.run(cases.map(\.script))
        try reference.remove()
        for (item, real) in zip(cases, expected) {
            let ours = try ScriptOutcome(item.script, dialect: dialect)
            if try item.matches(ours, real) || Self.agreesAlone(item, ours, dialect) { continue }
            let errors = item.comparesErrors ? "\n  errors: \(real.errors)\n  ours:   \(ours.errors)" : ""
            Issue.record(
                """
                \(file.name):\(item.line) in \(dialect.rawValue): \(item.script)
                  real:   \(real.code) \(real.output.debugDescription)
                  ours:   \(ours.code) \(ours.output.debugDescription)\(errors)
                """
            )
        }
    }
}
