// SPDX-License-Identifier: Apache-2.0
// What programs say of inputs that cannot be opened or read, busybox's and GNU's.

import PodiumRuntime

/// The words of a program for one of its inputs; `%` stands for the name.
enum InputFault {
    /// How GNU's complain about a file that cannot be opened.
    static func gnuOpening(_ program: String) -> String {
        switch program {
        case "head", "tail": "cannot open '%' for reading"
        case "tac": "failed to open '%' for reading"
        case "sort": "cannot read: %"
        case "sed": "can't read %"
        default: "%"
        }
    }

    /// What is said of an input that was opened and cannot be read, as a directory cannot; nil for nothing at all, and
    /// then it counts as one that is empty.
    static func reading(_ program: String, _ input: String, _ errno: Errno, isGNU: Bool) -> String? {
        guard let text = isGNU ? gnu(program, errno) : busybox(program, errno) else { return nil }
        return text.replacing("%", with: input == "-" ? standardInput(program, isGNU: isGNU) : input)
    }

    /// What a program calls standard input.
    private static func standardInput(_ program: String, isGNU: Bool) -> String {
        switch (program, isGNU) {
        case ("head", true), ("tail", true), ("wc", false), ("head", false), ("od", false): "standard input"
        case ("wc", true), ("tac", true), ("od", true): "'standard input'"
        case ("grep", true), ("egrep", true), ("fgrep", true): "(standard input)"
        case ("sed", true): "stdin"
        case ("hexdump", false), ("xxd", false): program
        case ("uniq", false): "(null)"
        default: "-"
        }
    }

    private static func gnu(_ program: String, _ errno: Errno) -> String {
        switch program {
        case "head", "tail": "error reading '%': \(errno.text)"
        case "uniq": "error reading '%'"
        case "sort": "read failed: %: \(errno.text)"
        case "sed": "read error on %: \(errno.text)"
        case "tac": "%: read error: \(Errno.invalid.text)"
        case "base64", "shuf", "tr": "read error: \(errno.text)"
        case "strings": "Warning: '%' is a directory"
        default: "%: \(errno.text)"
        }
    }

    private static func busybox(_ program: String, _ errno: Errno) -> String? {
        switch program {
        // These read by C's streams and do not ask what became of them.
        case "grep", "egrep", "fgrep", "sort", "cut", "nl", "sed", "rev", "strings", "shuf": nil
        case "head", "expand", "unexpand", "fold": "%: Input/output error"
        case "uniq": "%: I/O error"
        case "od": "%: read error"
        case "wc", "tac", "xxd", "hexdump", "cksum", "sum", "split": "%: \(errno.text)"
        case "md5sum", "sha1sum", "sha256sum", "sha3sum", "sha512sum": "can't read '%': \(errno.text)"
        default: "read error: \(errno.text)"
        }
    }

    /// The code of GNU's sed when it cannot go on.
    static let panic = 4

    /// The code of a program that could not read an input.
    static func code(_ program: String, isGNU: Bool, missing: Int) -> Int {
        // Debian's hexdump and busybox's, and busybox's xxd, only tell.
        if program == "hexdump" || program == "xxd" && !isGNU { return 0 }
        return program == "sed" && isGNU ? panic : missing
    }
}
