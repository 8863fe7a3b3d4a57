// SPDX-License-Identifier: Apache-2.0
// The shell scripts of Debian packages, run and read by the simulated shells and by the real ones.

import Foundation
import Testing

/// A line of the list of scripts.
struct PackageScript: Sendable {
    var path: String
    var words: String
    var isRun: Bool

    /// The name under which it lies in the directory of the case.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var data: Data? { FileManager.default.contents(atPath: path) }

    static func all() throws -> [PackageScript] {
        let file = DifferentialFile.folder.appending(path: "package-scripts.list")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count > 1, parts[0] != "#" else { return nil }
            return PackageScript(path: parts[1], words: parts.count > 2 ? parts[2] : "", isRun: parts[0] == "run")
        }
    }
}

@Suite struct PackageScriptTests {
    /// What scripts of dpkg read with `.` from the directory of `$DPKG_DATADIR`.
    private static let library = PackageScript(path: "/usr/share/dpkg/sh/dpkg-error.sh", words: "", isRun: false)

    @Test(arguments: [Dialect.ash, .dash])
    func scriptsOfPackagesComeToTheSame(_ dialect: Dialect) throws {
        let scripts = try PackageScript.all().filter { $0.isRun && $0.data != nil }
        try compare(scripts, dialect) {
            "mkdir sh; mv \(Self.library.name) sh 2>/dev/null; DPKG_DATADIR=. TMPDIR=. sh ./\($0.name) \($0.words)"
        }
    }

    @Test(arguments: [Dialect.ash, .dash])
    func scriptsOfPackagesCanBeRead(_ dialect: Dialect) throws {
        let scripts = try PackageScript.all().filter { $0.data != nil }
        try compare(scripts, dialect) { "sh -n ./\($0.name); echo $?" }
    }

    private func compare(_ scripts: [PackageScript], _ dialect: Dialect, _ line: (PackageScript) -> String) throws {
        guard let reference = try ReferenceShell(dialect) else {
            print("scripts of packages: not compared with \(dialect.program), which is not installed")
            return
        }
        let files = Dictionary((scripts + [Self.library]).map { ($0.name, $0.data ?? Data()) }) { first, _ in first }
        let expected = try reference.run(scripts.map(line), files: files)
        try reference.remove()
        for (script, real) in zip(scripts, expected) {
            let own = files.filter { $0.key == script.name || $0.key == Self.library.name }
            var ours = try ScriptOutcome(line(script), dialect: dialect, files: own)
            ours.errors = real.errors
            #expect(ours == real, "\(script.path) \(script.words) in \(dialect.rawValue)")
        }
    }

    /// What `scripts/test` installs has no shell script that the list does not name.
    @Test func everyScriptOfTheTestsPackagesIsListed() throws {
        let root = DifferentialFile.folder.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "scripts/test"), encoding: .utf8)
        let packages = text.split(separator: "\n").filter { $0.hasPrefix("need_packages ") }
            .flatMap { $0.split(separator: " ").dropFirst().map(String.init) }
        #expect(packages.contains("busybox"))
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg-query") else {
            print("packages: not looked through, there is no dpkg-query")
            return
        }
        let listed = Set(try PackageScript.all().map(\.path))
        let found = try ReferenceShell.output(of: "/usr/bin/dpkg-query", ["-L"] + packages).split(separator: "\n")
        for path in found.map(String.init) where !listed.contains(path) {
            guard let handle = FileHandle(forReadingAtPath: path) else { continue }
            let head = (try? handle.read(upToCount: 40)) ?? Data()
            let first = String(decoding: head, as: UTF8.self).split(separator: "\n").first ?? ""
            #expect(!first.hasPrefix("#!/bin/sh") && !first.hasPrefix("#! /bin/sh"), "\(path) is not listed")
        }
    }
}
