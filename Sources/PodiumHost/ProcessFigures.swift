// SPDX-License-Identifier: Apache-2.0
// What this process uses of its machine, as the kernel tells it.

import Glibc

/// The figures of the process.
package struct ProcessFigures: Sendable {
    /// Processor time in user and kernel mode.
    package let cpuSeconds: Double
    package let residentBytes: Int
    package let virtualBytes: Int
    package let openDescriptors: Int
    package let maximumDescriptors: Int

    /// The figures now; those that cannot be read are 0.
    package static var now: ProcessFigures {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let pages = readNumbers("/proc/self/statm")
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        return ProcessFigures(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            residentBytes: pages.count > 1 ? pages[1] * pageSize : 0,
            virtualBytes: pages.count > 1 ? pages[0] * pageSize : 0,
            openDescriptors: countEntries("/proc/self/fd"),
            maximumDescriptors: Int(clamping: limit.rlim_cur)
        )
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func readNumbers(_ path: String) -> [Int] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { return [] }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            let count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
            return String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace).map {
                Int($0) ?? 0
            }
        }
    }

    private static func countEntries(_ path: String) -> Int {
        guard let directory = opendir(path) else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // `.`, `..` and the directory itself.
        return max(0, count - 3)
    }
}
