// SPDX-License-Identifier: Apache-2.0
// How many connections the process's limit of open files allows for.

import CMicroHTTPD
import Glibc

/// The process's limit of descriptors.
enum DescriptorLimit {
    /// Descriptors that are left for files, databases and other servers.
    private static let reserve: rlim_t = 64

    /// Connections that there are descriptors for.
    static var connections: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur > 2 * reserve ? limit.rlim_cur - reserve : reserve)
    }
}
