// SPDX-License-Identifier: Apache-2.0
// What documentation says about the tree holds: every path that it names exists.

import Foundation
import Testing

@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let catalogue = "Sources/Podium/Podium.docc"

    /// The articles, and everything in Markdown at the top.
    private static func documents() throws -> [String] {
        let files = FileManager.default
        let articles = try files.contentsOfDirectory(atPath: root.appending(path: catalogue).path)
        let top = try files.contentsOfDirectory(atPath: root.path)
        return (articles.map { "\(catalogue)/\($0)" } + top).filter { $0.hasSuffix(".md") }.sorted()
    }

    @Test func everyPathThatIsNamedExists() throws {
        let documents = try Self.documents()
        #expect(documents.contains("\(Self.catalogue)/Architecture.md") && documents.contains("CONTRIBUTING.md"))
        for document in documents {
            let text = try String(contentsOf: Self.root.appending(path: document), encoding: .utf8)
            for path in DocumentedPaths.paths(in: text) {
                let place = Self.root.appending(path: path).path
                #expect(FileManager.default.fileExists(atPath: place), "\(document) names \(path), which is not there")
            }
        }
    }

    @Test func theArchitectureNamesTheMainRoadInSixSteps() throws {
        let article = Self.root.appending(path: "\(Self.catalogue)/Architecture.md")
        let lines = try String(contentsOf: article, encoding: .utf8).split(separator: "\n")
        let steps = lines.filter { $0.first?.isNumber == true && $0.contains(". **`Sources/") }
        #expect(steps.count == 6)
    }
}

@Suite struct DocumentedPathsTests {
    @Test(arguments: [
        ("Read `Sources/A/B.swift` and `scripts/serve --port 1`.", ["Sources/A/B.swift", "scripts/serve"]),
        ("`Package.swift`, `.ci/run`, `Tests/EndToEnd/`", ["Package.swift", ".ci/run", "Tests/EndToEnd/"]),
        ("`Type+Topic.swift`, `pods/status`, Sources/A/B.swift, `Sources/A/NAME.swift`", []),
        ("```\nscripts/nothing\n```\n`PODIUM_BINARY=… scripts/bench`", ["scripts/bench"]),
    ])
    func areFoundInCodeSpans(text: String, paths: [String]) {
        #expect(DocumentedPaths.paths(in: text) == paths)
    }
}

/// Finds the paths of this tree that a text names.
enum DocumentedPaths {
    private static let folders = ["Sources/", "Tests/", "openapi/", "scripts/", ".ci/"]
    private static let files: Set = ["Package.swift", "README.md", "CONTRIBUTING.md", "LICENSE"]

    /// The words inside of backquotes that are paths, in order; a word with a part in capitals stands for many.
    static func paths(in text: String) -> [String] {
        text.split(separator: "\n").flatMap { line -> [String] in
            let spans = line.split(separator: "`", omittingEmptySubsequences: false)
            return spans.indices.filter { $0 % 2 == 1 }.flatMap { index in
                spans[index].split(separator: " ").map(String.init).filter(isPath)
            }
        }
    }

    private static func isPath(_ word: String) -> Bool {
        if files.contains(word) { return true }
        let isPattern = word.contains("NAME") || word.contains("*") || word.contains("…")
        return folders.contains { word.hasPrefix($0) } && !isPattern
    }
}
