// SPDX-License-Identifier: Apache-2.0
// The edges of the package are those that the sources use: none too many, and none that works by luck.

import Foundation
import Testing

@Suite struct PackageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The modules that come with the toolchain.
    private static let given: Set = ["Dispatch", "Foundation", "Glibc", "Synchronization", "Testing"]

    /// The modules that the Swift files of a target import.
    private static func imports(of folder: String) throws -> Set<String> {
        let place = root.appending(path: folder)
        let paths = try #require(FileManager.default.enumerator(atPath: place.path))
        var modules: Set<String> = []
        for case let path as String in paths where path.hasSuffix(".swift") {
            let source = ScannedSource(try String(contentsOf: place.appending(path: path), encoding: .utf8))
            for line in source.code {
                let words = line.split(separator: " ").drop { $0 == "package" || $0 == "@testable" }
                if words.first == "import", let module = words.last { modules.insert(String(module)) }
            }
        }
        // A part of that library which it shows under a name of its own.
        if modules.remove("CYaml") != nil { modules.insert("Yams") }
        return modules
    }

    @Test func everyDependencyIsImportedAndEveryImportIsADependency() throws {
        let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        let targets = PackageManifest.targets(in: manifest)
        #expect(targets.count > 20)
        for target in targets {
            let imports = try Self.imports(of: target.folder)
            #expect(target.dependencies.subtracting(imports) == [], "\(target.folder) imports none of these")
            let missing = imports.subtracting(target.dependencies).subtracting(Self.given)
            #expect(missing == [], "\(target.folder) says nothing of these")
        }
    }
}

@Suite struct PackageManifestTests {
    @Test func targetsAreReadAsTheyAreWritten() {
        let text = """
            let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
            module("A", ["B", deque]),
            tests(
                of: "A",
                [
                    "A", "B",
                ]
            ),
            tests(of: "Tidy", []),
            testing("Tester", ["A"]),
            .executableTarget(
                name: "Tool",
                dependencies: ["A", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            """
        #expect(
            PackageManifest.targets(in: text) == [
                .init(folder: "Sources/A", dependencies: ["B", "DequeModule"]),
                .init(folder: "Tests/ATests", dependencies: ["A", "B"]),
                .init(folder: "Tests/TidyTests", dependencies: []),
                .init(folder: "Tests/Tester", dependencies: ["A"]),
                .init(folder: "Sources/Tool", dependencies: ["A", "ArgumentParser"]),
            ]
        )
    }
}

/// Reads the targets out of the manifest of the package, in the forms in which they stand there.
enum PackageManifest {
    struct Target: Equatable {
        let folder: String
        let dependencies: Set<String>
    }

    static func targets(in text: String) -> [Target] {
        var products: [String: String] = [:]
        for match in text.matches(of: #/let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/#) {
            products[String(match.1)] = String(match.2)
        }
        let form =
            #/
            (module\( | testing\( | tests\(\s*of:\s | \.executableTarget\(\s*name:\s)
            \s*"(\w+)",\s*(?:dependencies:\s)?\[([^\]]*)\]
            /#
        return text.matches(of: form).map { match in
            let name = String(match.2)
            let list = match.3.replacing(#/\.product\(name: ("\w+"), package: "[\w-]+"\)/#) { String($0.1) }
            let words = list.matches(of: #/"?\w+"?/#).map { String($0.output) }
            let modules = words.map { word in products[word] ?? word.trimmingCharacters(in: ["\""]) }
            let folder =
                match.1.hasPrefix("tests")
                ? "Tests/\(name)Tests" : match.1.hasPrefix("testing") ? "Tests/\(name)" : "Sources/\(name)"
            return Target(folder: folder, dependencies: Set(modules))
        }
    }
}
