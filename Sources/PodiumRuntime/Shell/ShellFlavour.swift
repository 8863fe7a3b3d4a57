// SPDX-License-Identifier: Apache-2.0
// Which shell a script is read by, for the wording of errors.

/// A family of shells.
enum ShellFlavour: Hashable, Sendable {
    /// busybox's ash, also in Alpine.
    case ash
    /// dash, the `sh` of Debian and Ubuntu.
    case dash
    case bash

    /// What is said of a command that does not exist.
    func notFound(_ command: String, shell: String, line: Int) -> String {
        switch self {
        case .ash: "\(shell): \(command): not found"
        case .dash: "\(shell): \(line): \(command): not found"
        case .bash: "\(shell): line \(line): \(command): command not found"
        }
    }

    /// What is put before an error.
    func prefix(shell: String, line: Int) -> String {
        switch self {
        case .ash: "\(shell): "
        case .dash: "\(shell): \(line): "
        case .bash: "\(shell): line \(line): "
        }
    }
}
