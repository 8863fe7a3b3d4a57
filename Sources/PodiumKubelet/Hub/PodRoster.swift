// SPDX-License-Identifier: Apache-2.0
// The pods of a node, by UID and in the order in which they came.

import PodiumMachinery

/// The pods of a node with what they take of it.
struct PodRoster {
    private var entries: [String: PodEntry] = [:]
    private var arrivals = 0
    private(set) var use = NodeUse()
    private var deferred: Set<String> = []

    subscript(uid: String) -> PodEntry? { entries[uid] }

    /// All pods, oldest first.
    var ordered: [PodEntry] { entries.values.sorted { $0.arrival < $1.arrival } }

    /// Whether resizes wait for room.
    var hasDeferredResizes: Bool { !deferred.isEmpty }

    mutating func add(_ entry: PodEntry) {
        arrivals += 1
        entry.arrival = arrivals
        entries[entry.uid] = entry
    }

    mutating func remove(_ entry: PodEntry) {
        if let claim = entry.claim { use.remove(claim) }
        entry.claim = nil
        deferred.remove(entry.uid)
        entries[entry.uid] = nil
    }

    mutating func removeAll() {
        entries = [:]
        deferred = []
        use = NodeUse()
    }

    /// Takes note of what the pod takes now.
    /// - Returns: whether it gave back all that it had.
    mutating func account(_ entry: PodEntry) -> Bool {
        if entry.worker.hasDeferredResize { deferred.insert(entry.uid) } else { deferred.remove(entry.uid) }
        let isUsing = entry.isAdmitted && entry.worker.isStarted && entry.worker.usesResources
        let version = isUsing ? entry.worker.grantVersion : nil
        if version == entry.claimVersion { return false }
        entry.claimVersion = version
        if let claim = entry.claim { use.remove(claim) }
        entry.claim = isUsing ? entry.worker.roomClaim : nil
        if let claim = entry.claim { use.add(claim) }
        return !isUsing
    }
}
