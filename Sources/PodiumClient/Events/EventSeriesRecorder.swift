// SPDX-License-Identifier: Apache-2.0
// Records Events in the style of the scheduler: with an action, microseconds, and a series for repetitions.

import PodiumCodec
package import PodiumHost
import PodiumMachinery

/// Records Events of one component, as client-go's `events.EventRecorder` does.
///
/// Events are the same when type, reason, action, object (with its resource version) and related object are; the text
/// does not matter. The second of them makes the first one a series of 2, further ones are only counted, and the count
/// is written when the series has ended.
// Kubernetes: client-go/tools/events/event_broadcaster.go
// State | guarded by | why separate
// cache, timer | queue | the owner's queue; the timer ends the series in the cache
package final class EventSeriesRecorder: Sendable {
    /// The limits of a recorder.
    package enum Limits {
        /// How long after its last Event a series ends.
        package static let finishInterval: Duration = .seconds(360)
        /// How many Events are remembered at least; a series beyond starts over.
        package static let cacheSize = 2048
    }

    private struct Key: Hashable {
        let type: EventType
        let reason: String
        let action: String
        let reference: EventReference
        let related: EventReference?
    }

    private let writer: EventWriter
    private let component: String
    private let instance: String
    private let cache: Confined<BoundedCache<Key, EventDraft>>

    /// Makes a recorder with an empty memory.
    /// - Parameters:
    ///   - component: the `reportingComponent`: `default-scheduler`.
    ///   - instance: the `reportingInstance`, the component and its machine.
    ///   - queue: the queue of the owner; `event` may be called only there.
    package init(client: ResourceClient, component: String, instance: String, queue: any SerialQueue) {
        writer = EventWriter(client: client)
        self.component = component
        self.instance = instance
        cache = Confined(BoundedCache(halfCapacity: Limits.cacheSize), on: queue)
    }

    /// Records an Event about `object`. Only on the queue.
    package func event(
        about object: EventReference,
        related: EventReference? = nil,
        type: EventType,
        reason: String,
        action: String,
        message: String
    ) {
        let now = writer.client.host.clock.now
        let key = Key(type: type, reason: reason, action: action, reference: object, related: related)
        if let known = cache.withState({ $0[key] }), isAlive(known, at: now) {
            repeated(known, key, at: now)
            return
        }
        var draft = EventDraft(
            name: EventWriter.name(about: object.name, at: now),
            reference: object,
            type: type,
            reason: reason,
            message: message,
            component: component,
            host: "",
            eventTime: now,
            action: action,
            related: related,
            reportingComponent: component,
            reportingInstance: instance
        )
        guard let name = writer.create(draft, at: now) else { return }
        draft.name = name
        cache.withState { [draft] in $0[key] = draft }
    }

    private func isAlive(_ draft: EventDraft, at now: Timestamp) -> Bool {
        guard let last = draft.series?.lastObserved ?? draft.eventTime else { return false }
        return now - last <= Limits.finishInterval
    }

    private func repeated(_ known: EventDraft, _ key: Key, at now: Timestamp) {
        var draft = known
        draft.series = EventDraft.Series(count: (known.series?.count ?? 1) + 1, lastObserved: now)
        cache.withState { [draft] in $0[key] = draft }
        if known.series == nil {
            write(draft, at: now)
            scheduleFinish(of: key, at: now + Limits.finishInterval)
        }
    }

    /// One timer a series, set when it begins and moved along with its last Event.
    private func scheduleFinish(of key: Key, at deadline: Timestamp) {
        cache.queue.schedule(at: deadline + .nanoseconds(1)) { [weak self] in self?.finish(key) }
    }

    private func finish(_ key: Key) {
        guard let draft = cache.withState({ $0[key] }), let series = draft.series else { return }
        let now = writer.client.host.clock.now
        if isAlive(draft, at: now) {
            scheduleFinish(of: key, at: series.lastObserved + Limits.finishInterval)
            return
        }
        cache.withState { $0[key] = nil }
        // The second Event was written at once; only a longer series has something new to say.
        if series.count > 2 { write(draft, at: now) }
    }

    private func write(_ draft: EventDraft, at now: Timestamp) {
        let found = writer.update(draft) { event in event["series"] = draft.series.map(EventDraft.value(of:)) }
        if !found { _ = writer.create(draft, at: now) }
    }
}
