// SPDX-License-Identifier: Apache-2.0
// The whole tree against the house style, and the rules against snippets that break them.

import Foundation
import Testing

@Suite struct TidyTests {
    /// The root of the package.
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func files() throws -> [TidyFile] {
        var files: [TidyFile] = []
        for folder in ["Sources", "Tests"] {
            let folderURL = root.appending(path: folder)
            let paths = try #require(FileManager.default.enumerator(atPath: folderURL.path))
            for case let path as String in paths where path.hasSuffix(".swift") {
                let text = try String(contentsOf: folderURL.appending(path: path), encoding: .utf8)
                files.append(TidyFile(path: "\(folder)/\(path)", text: text))
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    @Test func theTreeFollowsTheHouseStyle() throws {
        let files = try Self.files()
        #expect(files.count > 50, "the scan must have found the tree")
        let problems = files.flatMap(TidyRules.problems)
        #expect(problems.isEmpty, "\n\(problems.joined(separator: "\n"))")
    }

    @Test func everyTargetHasItsLayer() throws {
        let targets = Set(try Self.files().compactMap(\.target))
        #expect(targets.subtracting(TidyRules.layers.keys) == [])
    }
}

@Suite struct TidyRulesTests {
    private static let head = "// SPDX-License-Identifier: Apache-2.0\n// Decides something.\n\n"

    private func problems(_ text: String, path: String = "Sources/PodiumCodec/X.swift") -> [String] {
        TidyRules.problems(of: TidyFile(path: path, text: Self.head + text))
    }

    @Test func cleanCodePasses() {
        #expect(problems("struct X {\n    func f() {}\n}\n") == [])
        #expect(problems("static let pause: Duration = .seconds(2)\nwait(.seconds(count))\n") == [])
    }

    @Test(arguments: [
        "let x = try! f()", "let x = y as! Z", "fatalError(\"no\")", "nonisolated(unsafe) var x = 1",
        "final class X: @unchecked Sendable {}", "import Foundation", "let x = await f()",
        "let q = DispatchQueue(label: \"x\")", "let d = Date()", "let r = Int.random(in: 0..<3)", "// TODO: later",
        "struct PathHelper {}", "import PodiumStorage", "import Dispatch", "let x = 1 ",
        "if job.message.hasPrefix(\"Container \") {}", "let x = errorMessage.contains(\"full\")", "wait(.seconds(2))",
        "return now + .milliseconds(200)",
    ])
    func eachBannedConstructIsFound(line: String) {
        #expect(problems(line + "\n").count == 1)
    }

    @Test func stringsAndCommentsAreNotCode() {
        #expect(
            problems("let x = \"try! \\(y) as!\"\n// try! is banned\n/* as! /* fatalError( */ */\nlet z = #\"as!\"#\n")
                == []
        )
        #expect(problems("let x = \"\"\"\n    try!\n    \"\"\"\n") == [])
        #expect(problems("let x = \"\\(try! f())\"\n").count == 1, "interpolations are code")
    }

    @Test func longThingsAreFound() {
        let body = String(repeating: "        x()\n", count: 69)
        #expect(problems("struct X {\n    func f() {\n\(body)    }\n}\n").count == 1)
        #expect(problems("struct X {\n    func f() {\n\(body.dropLast(12))    }\n}\n") == [])
        #expect(problems(String(repeating: "let x = 1\n", count: 598)).count == 1)
        #expect(problems("let x = \(String(repeating: "1", count: 120))\n").count == 1)
    }

    @Test func aFileSaysWhatItDecides() {
        #expect(TidyRules.problems(of: TidyFile(path: "Sources/PodiumCodec/X.swift", text: "struct X {}\n")).count == 1)
    }

    @Test func functionsAreMeasured() {
        let source = ScannedSource(
            "struct X {\n    init() {\n    }\n    func f(\n        x: Int\n    ) {\n        if x {}\n    }\n    var y: Int { 1 }\n}"
        )
        #expect(source.functions == [.init(line: 2, length: 2), .init(line: 4, length: 5)])
    }
}
