// SPDX-License-Identifier: Apache-2.0
// The signals of Linux on x86-64 by number and name.

/// A signal.
package struct Signal: Hashable, Sendable {
    /// 1…64.
    package let number: Int

    /// The signal with `number`; nil outside of 1…64.
    package init?(number: Int) {
        guard (1...64).contains(number) else { return nil }
        self.number = number
    }

    private init(_ number: Int) { self.number = number }

    package static let hangup = Signal(1)
    package static let interrupt = Signal(2)
    package static let quit = Signal(3)
    package static let abort = Signal(6)
    package static let kill = Signal(9)
    package static let user1 = Signal(10)
    package static let pipe = Signal(13)
    package static let alarm = Signal(14)
    package static let terminate = Signal(15)
    package static let child = Signal(17)
    package static let resume = Signal(18)
    package static let stop = Signal(19)
    package static let windowChange = Signal(28)

    private static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",
        "POLL", "PWR", "SYS",
    ]

    /// Reads `TERM`, `SIGTERM`, `sigterm` or `15`, and `RTMIN+3` in the form of Kubernetes' `stopSignal`.
    package init?(name: String) {
        if let number = Int(name) {
            self.init(number: number)
            return
        }
        var bare = name.uppercased()
        if bare.hasPrefix("SIG") { bare.removeFirst(3) }
        if let index = Self.names.firstIndex(of: bare) {
            self.init(index + 1)
        } else if bare == "IO" {
            self.init(29)
        } else if bare.hasPrefix("RTMIN"), let offset = bare.count == 5 ? 0 : Int(bare.dropFirst(5)) {
            self.init(number: 34 + offset)
        } else if bare.hasPrefix("RTMAX"), let offset = bare.count == 5 ? 0 : Int(bare.dropFirst(5)) {
            self.init(number: 64 + offset)
        } else {
            return nil
        }
    }

    /// `TERM`, without `SIG`; real-time signals by number.
    package var name: String { number <= Self.names.count ? Self.names[number - 1] : String(number) }

    /// Whether a process that does nothing about the signal lives on.
    var isIgnoredByDefault: Bool { [17, 18, 23, 28].contains(number) }

    /// Whether the signal suspends a process.
    var stopsByDefault: Bool { [19, 20, 21, 22].contains(number) }
}
