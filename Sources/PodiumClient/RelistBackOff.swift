// SPDX-License-Identifier: Apache-2.0
// How long a list of a collection waits that could not be read.

/// The delays between lists that fail: longer and longer, and short again after one that did not fail.
// Kubernetes: client-go/tools/cache/reflector.go NewReflectorWithOptions
package struct RelistBackOff: Sendable {
    /// The limits of the delays.
    package enum Limits {
        /// The first delay.
        package static let first: Duration = .milliseconds(800)
        /// The longest.
        package static let longest: Duration = .seconds(30)
    }

    private var delay = Limits.first

    package init() {}

    /// The next delay.
    package mutating func next() -> Duration {
        defer { delay = min(delay * 2, Limits.longest) }
        return delay
    }

    /// A list did not fail.
    package mutating func reset() { delay = Limits.first }
}
