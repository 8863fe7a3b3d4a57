// SPDX-License-Identifier: Apache-2.0
// Ages as people read them: `5s`, `2m30s`, `3h`, `8d`.

package import PodiumMachinery

/// Lengths of time in the rough form of table cells and event messages.
// Kubernetes: apimachinery/pkg/util/duration/duration.go
package enum HumanDuration {
    /// The text of a length: the longer, the rougher.
    ///
    /// A second below zero is taken for a clock that differs.
    package static func text(_ duration: Duration) -> String {
        let seconds = duration.nanoseconds / 1_000_000_000
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        let minutes = seconds / 60
        let hours = minutes / 60
        let days = hours / 24
        switch true {
        case seconds < 120: return "\(seconds)s"
        case minutes < 10: return pair(minutes, "m", seconds % 60, "s")
        case minutes < 180: return "\(minutes)m"
        case hours < 8: return pair(hours, "h", minutes % 60, "m")
        case hours < 48: return "\(hours)h"
        case days < 8: return pair(days, "d", hours % 24, "h")
        case days < 730: return "\(days)d"
        case days < 2920: return pair(days / 365, "y", days % 365, "d")
        default: return "\(days / 365)y"
        }
    }

    /// The age at `now` of what an RFC 3339 text dates; `<unknown>` when it dates nothing.
    package static func age(_ text: String?, now: Timestamp) -> String {
        guard let text, let time = Timestamp(rfc3339: text) else { return "<unknown>" }
        return Self.text(now - time)
    }

    private static func pair(_ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
    }
}
