// SPDX-License-Identifier: Apache-2.0
// Every limit of the HTTP layer, by name.

/// What a client may use up.
///
/// At each limit it is said what happens.
package struct HTTPLimits: Sendable {
    /// The largest request body; above it, 413.
    ///
    /// The default is kube-apiserver's.
    package var bodyBytes = 3 << 20
    /// How much of a body that is too large is read and thrown away so that the client can read its 413; one that
    /// announces more is answered at once and cut off.
    package var discardedBodyBytes = 8 << 20
    /// The longest request target; above it, 414.
    package var targetBytes = 8 << 10
    /// The largest request line with all headers; above it, 431.
    package var headBytes = 16 << 10
    /// What libmicrohttpd may use for one connection.
    ///
    /// It is cleared after each request, so more costs time. A head that does not even fit here, with some 60 bytes for
    /// each of its fields, is refused by libmicrohttpd itself, without asking us before.
    package var memoryBytes = 20 << 10
    /// Open connections; further ones wait in the backlog.
    ///
    /// Also bounded by the process's limit of descriptors.
    package var connections = 16_384
    /// Connections that wait to be accepted; the system refuses further ones.
    package var backlog = 4_096
    /// How long a connection may rest between requests, or stall within one, before it is closed.
    ///
    /// Whole seconds, at least one. Never without: libmicrohttpd 0.9.75 forgets connections whose last data came
    /// together with their end; the sweep finds them, and where it should not, this ends them.
    package var idleTimeout: Duration = .seconds(90)
    /// How long a request line and, again, its headers may take, however steadily they drip; then 408.
    package var headDeadline: Duration = .seconds(32)
    /// How long a request body may take, however steadily it drips; then 408.
    package var bodyDeadline: Duration = .seconds(60)
    /// How many bytes of a stream make one chunk; one event larger than that is still sent whole.
    package var chunkBytes = 64 << 10
    /// How long a client may leave a chunk unread before its stream is cut.
    package var stalledStreamDeadline: Duration = .seconds(60)
    /// How long an upgraded connection may rest before it is cut.
    // Kubernetes: pkg/kubelet/apis/config/v1beta1/defaults.go StreamingConnectionIdleTimeout
    package var idleUpgradeDeadline: Duration = .seconds(4 * 3600)
    /// How long a client may take to end a connection that has ended on our side.
    package var lingeringDeadline: Duration = .seconds(2)
    /// How long requests in flight and unread chunks may hold up a shutdown.
    package var shutdownDeadline: Duration = .seconds(3)

    package init() {}

    /// What must remain of the memory of a connection behind a head of the largest size.
    private static let answerBytes = 4 << 10
    /// What the library notes for each field of a request: 56 bytes, aligned.
    private static let noteBytes = 64
    /// The status line, the fields that every answer has, and what the library rounds up.
    private static let plainAnswerBytes = 1 << 10

    /// How many bytes of further header fields fit into the answer to a request whose head takes `headSize` bytes for
    /// `fields` fields; such an answer is replaced by a 500, and a request for which this is negative gets 431.
    func answerRoom(headSize: Int, fields: Int) -> Int {
        // One more field for the query.
        memoryBytes - headSize - (fields + 1) * Self.noteBytes - Self.plainAnswerBytes
    }

    private static let shortestSweep: Duration = .milliseconds(10)
    private static let longestSweep: Duration = .seconds(1)
    /// The library counts whole seconds, and 0 is for ever.
    private static let shortestIdleTimeout: Duration = .seconds(1)

    /// How often deadlines are looked at: often enough to be kept within a quarter, but not without end.
    var sweepInterval: Duration {
        let shortest = min(headDeadline, bodyDeadline, stalledStreamDeadline)
        return min(max(shortest / 4, Self.shortestSweep), Self.longestSweep)
    }

    /// How many sweeps `deadline` lasts, rounded up.
    func ticks(_ deadline: Duration) -> Int {
        Int((deadline / sweepInterval).rounded(.up))
    }

    /// Checks that every limit is positive and that they fit together.
    func validate() throws(HTTPServerError) {
        let counts = [
            ("bodyBytes", bodyBytes), ("targetBytes", targetBytes), ("headBytes", headBytes),
            ("connections", connections), ("backlog", backlog), ("chunkBytes", chunkBytes),
            ("discardedBodyBytes", discardedBodyBytes), ("memoryBytes", memoryBytes),
        ]
        for (name, value) in counts where value <= 0 || value > Int(Int32.max) { throw .invalidLimit(name) }
        let deadlines = [
            ("headDeadline", headDeadline), ("bodyDeadline", bodyDeadline),
            ("stalledStreamDeadline", stalledStreamDeadline), ("shutdownDeadline", shutdownDeadline),
            ("idleUpgradeDeadline", idleUpgradeDeadline), ("lingeringDeadline", lingeringDeadline),
        ]
        for (name, value) in deadlines where value <= .zero { throw .invalidLimit(name) }
        if idleTimeout < Self.shortestIdleTimeout { throw .invalidLimit("idleTimeout") }
        if targetBytes > headBytes { throw .invalidLimit("targetBytes") }
        // The library needs the rest for its own notes and for the head of the answer.
        if headBytes + Self.answerBytes > memoryBytes { throw .invalidLimit("headBytes") }
    }
}
