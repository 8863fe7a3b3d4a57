// SPDX-License-Identifier: Apache-2.0
// The last requests to a cluster, for tests that assert what their client did.

import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery

/// A bounded record of requests.
// State | guarded by | why separate
// entries | a mutex a thread | written by every HTTP thread, read as a whole by those who ask only
final class RequestJournal: Sendable {
    /// The limits of a journal.
    enum Limits {
        /// Older requests are forgotten.
        static let maximumEntries = 1000
    }

    private struct Entry: Sendable {
        /// When it was answered, by the machine's clock, for the order of what several threads answered.
        let moment: Int64
        let time: Timestamp
        let method: String
        let path: String
        let query: String
        let userAgent: String
        let status: Int
    }

    private struct Entries: Sendable {
        /// The newest, in a ring.
        private(set) var newest: [Entry] = []
        private(set) var total = 0

        /// Puts `entry` in the place of the oldest, which is handed out, when there is no other.
        mutating func append(_ entry: inout Entry) {
            if newest.count < Limits.maximumEntries {
                newest.append(entry)
            } else {
                swap(&newest[total % Limits.maximumEntries], &entry)
            }
            total += 1
        }
    }

    private let entries = ThreadShards(Entries())

    func append(_ request: HTTPRequest, status: Int, at time: Timestamp) {
        var entry = Entry(
            moment: MachineTime.monotonic,
            time: time,
            method: request.method,
            path: request.rawPath,
            query: request.rawQuery,
            userAgent: request.headers.userAgent ?? "",
            status: status
        )
        // The oldest is freed at the end, where nobody waits for it.
        entries.withOwn { $0.append(&entry) }
    }

    /// What was answered, oldest first:
    /// `{"total":n,"requests":[{"time":…,"method":…,"path":…,"query":…,"userAgent":…,"status":…}]}`.
    var value: JSONValue {
        let entries = entries.all
        let newest = entries.flatMap(\.newest).sorted { $0.moment < $1.moment }.suffix(Limits.maximumEntries)
        return [
            "total": .integer(Int64(entries.reduce(0) { $0 + $1.total })),
            "requests": .array(
                newest.map { entry in
                    [
                        "time": .string(entry.time.rfc3339Micro), "method": .string(entry.method),
                        "path": .string(entry.path), "query": .string(entry.query),
                        "userAgent": .string(entry.userAgent), "status": .integer(Int64(entry.status)),
                    ]
                }
            ),
        ]
    }
}
