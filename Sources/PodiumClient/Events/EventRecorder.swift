// SPDX-License-Identifier: Apache-2.0
// Records Events in the style of kubelets and most controllers: counted up, joined and rationed.

import PodiumCodec
package import PodiumHost
import PodiumMachinery

/// Records Events of one component, as client-go's `record.EventRecorder` does.
///
/// Equal texts about one object are one Event whose `count` and `lastTimestamp` go up. Events are not written where
/// the API would refuse them: into a namespace that does not exist (except `default`) or is being deleted.
// State | guarded by | why separate
// correlator | queue | the owner's queue; a recorder has the life and the memory of its component
package final class EventRecorder: Sendable {
    private let writer: EventWriter
    private let component: String
    private let host: String
    private let correlator: Confined<EventCorrelator>

    /// Makes a recorder with an empty memory; events start with count 1 again.
    /// - Parameters:
    ///   - component: the `source.component` and `reportingComponent`: `kubelet`, `node-controller`.
    ///   - host: the `source.host` and `reportingInstance`: the node of a kubelet, else empty.
    ///   - queue: the queue of the owner; `event` may be called only there.
    package init(client: ResourceClient, component: String, host: String = "", queue: any SerialQueue) {
        writer = EventWriter(client: client)
        self.component = component
        self.host = host
        correlator = Confined(EventCorrelator(), on: queue)
    }

    /// Records an Event about `object`. Only on the queue.
    /// - Parameter fieldPath: the part that is meant, `spec.containers{main}`; empty for the whole object.
    package func event(
        about object: APIObject,
        fieldPath: String = "",
        type: EventType,
        reason: String,
        message: String
    ) {
        event(about: EventReference(object, fieldPath: fieldPath), type: type, reason: reason, message: message)
    }

    /// Records an Event about what `reference` names. Only on the queue.
    package func event(about reference: EventReference, type: EventType, reason: String, message: String) {
        let now = writer.client.host.clock.now
        let draft = EventDraft(
            name: EventWriter.name(about: reference.name, at: now),
            reference: reference,
            type: type,
            reason: reason,
            message: message,
            component: component,
            host: host,
            count: 1,
            first: now,
            last: now,
            reportingComponent: component,
            reportingInstance: host
        )
        switch correlator.withState({ $0.judge(draft, now: now) }) {
        case .drop: break
        case .create(let draft, let key): create(draft, key, at: now)
        case .countUp(let draft, let key): countUp(draft, key, at: now)
        }
    }

    private func create(_ draft: EventDraft, _ key: EventCorrelator.ObservationKey, at now: Timestamp) {
        guard let name = writer.create(draft, at: now), name != draft.name else { return }
        correlator.withState { $0.rename(key, to: name) }
    }

    private func countUp(_ draft: EventDraft, _ key: EventCorrelator.ObservationKey, at now: Timestamp) {
        let found = writer.update(draft) { event in
            event["count"] = draft.count.map { .integer(Int64($0)) }
            event["lastTimestamp"] = draft.last.map { .string($0.rfc3339) }
            event["message"] = .string(draft.message)
        }
        // An Event that has expired is made anew and keeps its count.
        if !found { create(draft, key, at: now) }
    }
}
