// SPDX-License-Identifier: Apache-2.0
// How much a program can be given: Linux's limits of words and environments.

/// The limits of a call that begins a program.
// Linux: include/uapi/linux/binfmts.h MAX_ARG_STRLEN; fs/exec.c bprm_stack_limits with a stack of 8 MiB
package enum ExecLimits {
    /// The bytes of one word or variable with its end.
    package static let stringBytes = 128 << 10
    /// The bytes of all words and variables with their ends and the pointers to them.
    package static let totalBytes = 2 << 20
    /// What the kernel counts of each string beside its characters.
    private static let overhead = 1 + 8

    /// Whether a program can be given these words and this environment.
    static func allow(_ words: [String], _ environment: [EnvironmentVariable]) -> Bool {
        var total = 0
        for word in words {
            let length = word.utf8.count
            if length >= stringBytes { return false }
            total += length + overhead
        }
        for variable in environment {
            let length = variable.name.utf8.count + 1 + variable.value.utf8.count
            if length >= stringBytes { return false }
            total += length + overhead
        }
        return total <= totalBytes
    }
}
