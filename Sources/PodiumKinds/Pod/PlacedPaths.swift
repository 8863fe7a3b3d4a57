// SPDX-License-Identifier: Apache-2.0
// Which files of a volume stand at the same place, or one below the other.

import PodiumMachinery

/// A path in a volume and the source that puts a file there.
struct PlacedPath: CustomStringConvertible {
    let path: String
    let source: String?

    init(_ path: String, _ source: String?) {
        var path = Substring(path)
        while path.last == "/" { path.removeLast() }
        self.path = String(path)
        self.source = source
    }

    var description: String { FieldError.quoted(path) + (source.map { " (\($0))" } ?? "") }

    /// Whether this is `other`, or above or below it.
    func meets(_ other: PlacedPath) -> Bool {
        "\(other.path)/".hasPrefix("\(path)/") || "\(path)/".hasPrefix("\(other.path)/")
    }

    /// A fingerprint of the path, and one of each directory above it.
    var fingerprints: (whole: UInt64, above: [UInt64]) {
        // FNV-1a
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var above: [UInt64] = []
        for (index, byte) in path.utf8.enumerated() {
            if byte == UInt8(ascii: "/"), index > 0 { above.append(hash) }
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return (hash, above)
    }
}

/// The paths of a volume that have been seen.
struct PlacedPaths {
    /// The limits of what is looked for.
    enum Limits {
        /// Paths that no file system takes are not looked at.
        static let maximumBytes = 4096
        /// How many overlaps are told; the warnings of an answer are cut far below that.
        static let maximumOverlaps = 256
    }

    private var seen: [PlacedPath] = []
    /// Where in `seen` the paths with a fingerprint are, and those below it.
    private var at: [UInt64: [Int]] = [:]
    private var below: [UInt64: [Int]] = [:]
    private var overlaps = 0

    /// Adds a path; `a with b` for each that was there and that it meets.
    mutating func add(_ path: PlacedPath) -> [String] {
        let room = Limits.maximumOverlaps - overlaps
        guard room > 0, !path.path.isEmpty, path.path.utf8.count <= Limits.maximumBytes else { return [] }
        let (whole, above) = path.fingerprints
        var candidates: [Int] = []
        for hash in above { candidates += at[hash] ?? [] }
        candidates += (at[whole] ?? []).prefix(room)
        candidates += (below[whole] ?? []).prefix(room)
        let met = candidates.sorted().map { seen[$0] }.filter(path.meets).prefix(room)
        overlaps += met.count
        at[whole, default: []].append(seen.count)
        for hash in above { below[hash, default: []].append(seen.count) }
        seen.append(path)
        return met.map { "\(path) with \($0)" }
    }
}
