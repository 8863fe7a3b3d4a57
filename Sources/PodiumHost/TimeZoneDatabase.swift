// SPDX-License-Identifier: Apache-2.0
// The time zones that the machine knows.

import Glibc
package import PodiumMachinery
import Synchronization

/// Finds the rules of time zones by their IANA names, such as `Europe/Berlin`.
///
/// They come from the files of the machine, each of which is read once. A machine without them, as a container that
/// holds nothing but one binary, knows the names of UTC and no others.
// State | guarded by | why separate
// known | mutex | whoever asks first reads the file; who validates and who schedules ask from different threads
package final class TimeZoneDatabase: Sendable {
    /// The limits of a database.
    package enum Limits {
        /// How many zones are remembered; what comes after them is read each time.
        package static let maximumZones = 1024
        /// The most bytes of a file that are read; the largest have four thousand.
        package static let maximumFileBytes = 1 << 18
    }

    /// Where the files are, in the order in which Go looks.
    package static let standardDirectories = [
        "/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo",
    ]

    private static let namesOfUTC: Set<String> = [
        "", "UTC", "Etc/UTC", "Etc/UCT", "Etc/GMT", "Etc/Zulu", "Etc/Universal", "UCT", "GMT", "Zulu", "Universal",
    ]

    private let directories: [String]
    private let known = Mutex<[String: TimeZoneRules]>([:])

    package init(directories: [String] = TimeZoneDatabase.standardDirectories) { self.directories = directories }

    /// The zone called `name`; nil when there is none, or the machine does not know it.
    package func zone(_ name: String) -> TimeZoneRules? {
        if Self.namesOfUTC.contains(name) { return .utc }
        guard Self.isName(name) else { return nil }
        if let zone = known.withLock({ $0[name] }) { return zone }
        let zone = directories.lazy.compactMap { Self.read("\($0)/\(name)") }.compactMap { TimeZoneRules(file: $0) }
            .first
        guard let zone else { return nil }
        known.withLock { if $0.count < Limits.maximumZones { $0[name] = zone } }
        return zone
    }

    /// Whether `name` stays below the directory that it is looked for in.
    private static func isName(_ name: String) -> Bool {
        !name.hasPrefix("/") && !name.contains("\\") && !name.utf8.contains(0)
            && !name.split(separator: "/").contains("..")
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0 { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count < Limits.maximumFileBytes {
            let chunk = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer -> [UInt8]? in
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                return count < 0 ? nil : Array(buffer[..<count])
            }
            guard let chunk else { return nil }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }
}
