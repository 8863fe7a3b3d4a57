// SPDX-License-Identifier: Apache-2.0
// What documentation says about the tree holds: every path that it names exists, and every call is made.

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

    @Test func everyCallOfTheMainRoadIsMade() throws {
        let article = Self.root.appending(path: "\(Self.catalogue)/Architecture.md")
        let roads = DocumentedCalls.roads(in: try String(contentsOf: article, encoding: .utf8))
        #expect(roads.flatMap(\.self).count > 20, "the list must have been found")
        let first = try #require(roads.first?.first)
        #expect(first.path.hasPrefix("Sources/PodiumHTTP/"))
        let problems = try roads.flatMap { road in
            try DocumentedCalls.problems(of: road) { path in
                try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
            }
        }
        #expect(problems.isEmpty, "\n\(problems.joined(separator: "\n"))")
    }
}

@Suite struct DocumentedCallsTests {
    private static let sources = [
        "A.swift": """
        struct A {
            func first() {
                // third() comes later.
                second("third()")
            }
            func second() { B().third(1) }
            func second(_ text: String) { unthird() }
        }
        """,
        "B.swift": "struct B {\n    func third(\n        _ x: Int\n    ) {\n        lets { $0.first }\n    }\n}\n",
    ]

    @Test(arguments: [
        ("A.swift: first → second\nB.swift: third", []),
        ("A.swift: second\nB.swift: third", []),
        ("A.swift: first\nB.swift: third", ["A.swift: first does not call third"]),
        ("A.swift: second → first", ["A.swift: second does not call first"]),
        ("B.swift: third\nA.swift: first", ["B.swift: third does not call first"]),
        ("A.swift: first → fourth", ["A.swift: first does not call fourth", "A.swift: there is no fourth"]),
    ])
    func areComparedWithTheBodiesOfFunctions(list: String, problems: [String]) throws {
        let roads = DocumentedCalls.roads(in: "text\n```calls\n\(list)\n```\n\n```\nno → call\n```\n")
        #expect(roads.count == 1)
        let found = try roads.flatMap { road in
            try DocumentedCalls.problems(of: road) { try #require(Self.sources[$0]) }
        }
        #expect(found == problems)
    }
}

/// Reads the lists of calls in a document, and compares them with sources.
enum DocumentedCalls {
    /// A function of a file.
    struct Place: Equatable {
        let path: String
        let function: String
    }

    /// The functions of each list, in order; what stands behind one another calls one another.
    static func roads(in text: String) -> [[Place]] {
        var roads: [[Place]] = []
        var isInList = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInList = line == "```calls"
                if isInList { roads.append([]) }
            } else if isInList, let colon = line.firstIndex(of: ":") {
                let functions = line[line.index(after: colon)...].split(separator: "→")
                roads[roads.count - 1] += functions.map {
                    Place(path: String(line[..<colon]), function: $0.trimmingCharacters(in: .whitespaces))
                }
            }
        }
        return roads
    }

    /// What is wrong with a list.
    static func problems(of road: [Place], read: (String) throws -> String) rethrows -> [String] {
        var problems: [String] = []
        for (index, place) in road.enumerated() {
            let bodies = ScannedSource(try read(place.path)).bodies(of: place.function)
            if bodies.isEmpty { problems.append("\(place.path): there is no \(place.function)") }
            guard road.indices.contains(index + 1) else { continue }
            let next = road[index + 1].function
            let isCalled = bodies.contains { body in
                body.ranges(of: next).contains { range in
                    let before = body[..<range.lowerBound].last ?? " "
                    let isWhole = !before.isLetter && !before.isNumber && before != "_"
                    let after = body[range.upperBound...]
                    return isWhole && (after.hasPrefix("(") || after.hasPrefix(" {"))
                }
            }
            if !isCalled, !bodies.isEmpty { problems.append("\(place.path): \(place.function) does not call \(next)") }
        }
        return problems
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
