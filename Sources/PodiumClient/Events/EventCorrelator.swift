// SPDX-License-Identifier: Apache-2.0
// Which Events are new, which count up an earlier one, which are joined with others, and which are dropped.

import PodiumHost
import PodiumMachinery

/// The memory of an event recorder of the old style, as a value.
///
/// Three questions are asked of each Event, in this order. *Are there many like it?* The tenth different text with one
/// reason about one object within ten minutes, and every other new one after it, is joined into one Event. *Was it
/// there before?* Then that one is counted up. *Is there room?* 25 writes an object at once and then one more in five
/// minutes; what is dropped has been counted all the same, and shows with the next write.
// Kubernetes: client-go/tools/record/events_cache.go
struct EventCorrelator: Sendable {
    /// The limits of a recorder.
    enum Limits {
        /// How many different texts make the next of them be joined.
        static let maximumSimilarTexts = 10
        /// How long a text counts as recent.
        static let similarityInterval: Duration = .seconds(600)
        /// How many writes about one object come through at once.
        static let burst = 25
        /// How long it takes until one more may come through.
        static let refillInterval: Duration = .seconds(300)
        /// How many objects and Events are remembered at least.
        static let cacheSize = 2048
    }

    /// What is to be done with an Event.
    enum Verdict: Hashable, Sendable {
        case create(EventDraft, ObservationKey)
        /// Set count, last time and message of the Event named in the draft; create the draft when it is gone.
        case countUp(EventDraft, ObservationKey)
        case drop
    }

    /// The source of an Event and its object: what rationing goes by.
    ///
    /// One for all that is remembered of a source, which is hashed once.
    final class SourceKey: Hashable, Sendable {
        private let texts: [String]
        private let hash: Int

        init(_ draft: EventDraft) {
            let about = draft.reference
            texts = [
                draft.component, draft.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion,
            ]
            hash = texts.hashValue
        }

        static func == (left: SourceKey, right: SourceKey) -> Bool {
            left === right || left.hash == right.hash && left.texts == right.texts
        }

        func hash(into hasher: inout Hasher) { hasher.combine(hash) }
    }

    /// What Events have in common that differ only in their text.
    struct SimilarityKey: Hashable, Sendable {
        let source: SourceKey
        let type: EventType
        let reason: String
    }

    /// What is one Event, counted up.
    enum ObservationKey: Hashable, Sendable {
        case single(SimilarityKey, fieldPath: String, message: String)
        case joined(SimilarityKey)
    }

    private struct Similar {
        /// In the order in which they came, so that it is always the eldest that is dropped.
        var messages: [String]
        var last: Timestamp
    }

    private struct Observation {
        var name: String
        var count: Int
        var first: Timestamp
    }

    private struct Bucket {
        let source: SourceKey
        var tokens: Double
        var last: Timestamp
    }

    private var similar = BoundedCache<SimilarityKey, Similar>(halfCapacity: Limits.cacheSize)
    private var observations = BoundedCache<ObservationKey, Observation>(halfCapacity: Limits.cacheSize)
    private var buckets = BoundedCache<SourceKey, Bucket>(halfCapacity: Limits.cacheSize)

    /// Judges `draft`, made at `now`.
    mutating func judge(_ draft: EventDraft, now: Timestamp) -> Verdict {
        var draft = draft
        let new = SourceKey(draft)
        let source = buckets[new]?.source ?? new
        let key = SimilarityKey(source: source, type: draft.type, reason: draft.reason)
        var observationKey = ObservationKey.single(key, fieldPath: draft.reference.fieldPath, message: draft.message)
        if isOneOfMany(draft.message, key, now: now) {
            observationKey = .joined(key)
            draft.message = "(combined from similar events): \(draft.message)"
            // The joined Event names its source, but no reporting controller: as upstream makes it.
            draft.reportingComponent = ""
            draft.reportingInstance = ""
        }
        let known = observations[observationKey]
        if let known {
            draft.name = known.name
            draft.first = known.first
            draft.count = known.count + 1
        }
        observations[observationKey] = Observation(name: draft.name, count: draft.count ?? 1, first: draft.first ?? now)
        guard takeToken(source, now: now) else { return .drop }
        return known == nil ? .create(draft, observationKey) : .countUp(draft, observationKey)
    }

    /// Remembers that the Event of `key` was written under another name than its draft had.
    mutating func rename(_ key: ObservationKey, to name: String) { observations[key]?.name = name }

    private mutating func isOneOfMany(_ message: String, _ key: SimilarityKey, now: Timestamp) -> Bool {
        var record = similar[key] ?? Similar(messages: [], last: now)
        if now - record.last > Limits.similarityInterval { record.messages = [] }
        record.last = now
        if !record.messages.contains(message) { record.messages.append(message) }
        let isMany = record.messages.count >= Limits.maximumSimilarTexts
        if isMany { record.messages.removeFirst() }
        similar[key] = record
        return isMany
    }

    private mutating func takeToken(_ source: SourceKey, now: Timestamp) -> Bool {
        var bucket = buckets[source] ?? Bucket(source: source, tokens: Double(Limits.burst), last: now)
        let refill = Double((now - bucket.last).nanoseconds) / Double(Limits.refillInterval.nanoseconds)
        bucket.tokens = min(Double(Limits.burst), bucket.tokens + refill)
        bucket.last = now
        // A hair below one token counts as one: the refill of 300 seconds may add up in many small steps.
        let isAccepted = bucket.tokens >= 1 - 1e-9
        if isAccepted { bucket.tokens -= 1 }
        buckets[source] = bucket
        return isAccepted
    }
}
