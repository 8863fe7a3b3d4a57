// SPDX-License-Identifier: Apache-2.0
// The registries beyond a cluster's nodes: its image table, and what the table comes to for each image.

package import PodiumPodModel
import Synchronization

/// The images of one cluster, as all of its nodes and its administration see them.
// State | guarded by | why separate
// state | mutex | kubelets read it on their queue, requests read and replace it on theirs
package final class ImageRegistry: Sendable {
    /// The profiles that are kept; at the limit all are dropped and made anew when they are needed.
    private static let maximumProfiles = 1024

    private struct State {
        var table: ImageTable
        var profiles: [String: ImageProfile] = [:]
    }

    /// The programs of all containers whose images come from here.
    package let programs: ProgramLibrary
    private let state: Mutex<State>

    /// Registries that have what the table says, with the programs that are simulated.
    package init(_ table: ImageTable = ImageTable(), programs: ProgramLibrary) {
        self.programs = programs
        state = Mutex(State(table: table))
    }

    /// The present table.
    package var table: ImageTable { state.withLock { $0.table } }

    /// Puts another table in the place of the present one. Containers that run keep what they were made with.
    package func replace(with table: ImageTable) { state.withLock { $0 = State(table: table) } }

    /// What is known of an image.
    package func profile(of reference: ImageReference) -> ImageProfile {
        let name = reference.description
        let table = state.withLock { ($0.profiles[name], $0.table) }
        if let profile = table.0 { return profile }
        let profile = ImageProfile(reference, in: table.1, with: programs)
        state.withLock { state in
            if state.profiles.count >= Self.maximumProfiles { state.profiles = [:] }
            if state.table == table.1 { state.profiles[name] = profile }
        }
        return profile
    }
}
