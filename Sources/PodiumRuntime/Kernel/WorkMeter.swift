// SPDX-License-Identifier: Apache-2.0
// What a piece of simulated work costs: steps, bytes that are looked at, components of paths that are walked.

import Synchronization

/// Counts the work of the process whose turn it is.
///
/// It lives as long as the machine, which is one call on a sandbox, and belongs to nobody else. It is an object so that
/// whatever works for a process, down to a search for a pattern, can count without being able to change the machine.
// State | guarded by | why separate
// units | atomic | only so that programs, which are values that can be sent, may keep a reference; one thread counts
package final class WorkMeter: Sendable {
    /// The bytes whose reading, copying or comparing costs as much as a step.
    static let bytesPerStep = 256
    /// The components of a path whose walking costs as much as a step.
    static let componentsPerStep = 8
    /// The most that is counted of one piece of work, so that no sum overflows.
    private static let maximumSteps = 1 << 40

    /// The work since `reset`, in steps of `bytesPerStep` units, so that small pieces add up.
    private let units = Atomic<Int>(0)

    /// A meter on which nothing stands.
    package init() {}

    /// The work since `reset`, in steps.
    var steps: Int { units.load(ordering: .relaxed) / Self.bytesPerStep }

    /// Begins to count anew.
    func reset() { units.store(0, ordering: .relaxed) }

    /// Counts steps; a simple command takes a handful.
    package func spend(_ steps: Int = 1) { add(steps, Self.bytesPerStep) }

    /// Counts bytes that are read, copied or compared.
    package func charge(bytes: Int) { add(bytes, 1) }

    /// Counts components of paths that are walked, or files that are visited.
    package func charge(components: Int) { add(components, Self.bytesPerStep / Self.componentsPerStep) }

    private func add(_ count: Int, _ weight: Int) {
        let counted = min(max(0, count), Self.maximumSteps) * weight
        units.store(units.load(ordering: .relaxed) &+ counted, ordering: .relaxed)
    }
}
