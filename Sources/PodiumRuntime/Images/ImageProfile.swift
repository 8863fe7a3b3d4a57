// SPDX-License-Identifier: Apache-2.0
// What is known of an image: its files, its programs, what it runs by default.

import PodiumMachinery
package import PodiumPodModel

/// The contents of an image as far as they matter.
package struct ImageProfile: Sendable {
    /// `$PATH` of containers whose image sets none.
    package static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    /// What the file of a simulated program begins with; its name follows.
    package static let programMark = "podium:"
    /// The size of images of which no rule says one, in bytes.
    package static let defaultSize = 10_000_000

    /// What the rules say of the image.
    package let facts: ImageFacts
    /// Whether everything that the image contains is known, so that what is not there cannot be run.
    package let isComplete: Bool
    /// What it is built on.
    package let system: ImageSystem
    let hasGNUTools: Bool
    /// The programs that the image brings, by path and by name.
    let programs: Set<String>
    /// Programs that are known not to be there.
    let missing: Set<String>
    /// The names of the servers that it runs; empty when it is none that listens.
    let servers: Set<String>
    /// Whether `nslookup` is busybox's from before 1.29.
    package let hasOldLookup: Bool
    let root: FileTree

    /// What a table says of an image, and where the programs that are simulated stand in it; of a name that is none,
    /// nothing is known.
    package init(_ reference: ImageReference?, in table: ImageTable, with library: ProgramLibrary) {
        let facts = reference.map { table.facts(of: $0) } ?? ImageFacts()
        self.facts = facts
        system = facts.system ?? .full
        isComplete = system.isComplete
        hasGNUTools = system.hasGNUTools
        let words = ((facts.entryPoint ?? []) + (facts.command ?? [])).filter { !$0.hasPrefix("-") }
        let names = Set(words.map(Self.name(of:)))
        servers = facts.ports?.isEmpty ?? true ? [] : names
        programs = Set(words).union(names).union(facts.programs ?? [])
        // Of an image that nobody names, only the tag tells what it is built on; its makers may have added anything.
        missing = facts.isNamed ? system.missing.subtracting(programs) : []
        hasOldLookup = system == .busybox && Self.isOlder(reference?.tag ?? "", than: 29)
        var root = library.files.tree(of: system)
        for name in names { ImageFiles.addPages(of: name, port: facts.ports?.first, to: &root) }
        self.root = root
    }

    /// Whether it is known what the image runs without a command.
    var hasCommand: Bool { facts.entryPoint?.isEmpty == false || facts.command?.isEmpty == false }

    /// The ports that its server listens on.
    var ports: [Int] { facts.ports ?? [] }

    /// The signal with which its containers are asked to stop.
    var stopSignal: Signal { facts.stopSignal ?? .terminate }

    /// The size in bytes, as `Pulled` events name it.
    package var size: Int { facts.size ?? Self.defaultSize }

    /// Whether a program is there although no file shows it.
    package func brings(_ command: String) -> Bool { programs.contains(command) }

    /// Whether it is known that a program is not there.
    func isKnownToLack(_ command: String) -> Bool {
        !brings(command) && (isComplete || missing.contains(Self.name(of: command)))
    }

    /// The last component of a path.
    private static func name(of command: String) -> String {
        command.split(separator: "/").last.map(String.init) ?? command
    }

    /// Whether a tag names a busybox before 1.`minor`.
    private static func isOlder(_ tag: String, than minor: Int) -> Bool {
        let parts = tag.split(separator: ".")
        guard parts.count >= 2, parts[0] == "1" else { return false }
        return Int(parts[1].prefix { $0.isNumber }).map { $0 < minor } ?? false
    }
}
