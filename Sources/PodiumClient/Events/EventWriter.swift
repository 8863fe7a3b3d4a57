// SPDX-License-Identifier: Apache-2.0
// Writes Events: finds them names, and lets those go that the API refuses.

import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// The part that both event recorders share.
struct EventWriter: Sendable {
    /// The limits of writing.
    enum Limits {
        /// How many names are tried for an Event before it is dropped.
        static let maximumNameAttempts = 64
    }

    let client: ResourceClient

    /// The name of an Event about `name` at `time`: Kubernetes puts the nanoseconds behind it in hexadecimal.
    static func name(about name: String, at time: Timestamp) -> String {
        "\(name).\(String(time.nanoseconds, radix: 16))"
    }

    /// Adds the Event. When its name is taken, as happens on a clock that stands still, the next nanosecond is tried.
    /// - Returns: the name it got; nil when it was dropped.
    func create(_ draft: EventDraft, at time: Timestamp) -> String? {
        var draft = draft
        for attempt in 0..<Limits.maximumNameAttempts {
            do throws(StatusError) {
                try client.create(.events, draft.value)
                return draft.name
            } catch {
                // Into a namespace that is going nothing is written, and an Event that is refused is of no use later.
                if error.reason != .alreadyExists { return nil }
                draft.name = Self.name(about: draft.reference.name, at: time + .nanoseconds(attempt + 1))
            }
        }
        return nil
    }

    /// Changes an Event.
    /// - Returns: whether there was one.
    func update(_ draft: EventDraft, _ change: (inout JSONValue) -> Void) -> Bool {
        let key = ObjectKey(.events, namespace: draft.namespace, name: draft.name)
        do throws(StatusError) {
            try client.update(key) { event in
                change(&event)
                return true
            }
            return true
        } catch {
            return false
        }
    }
}
