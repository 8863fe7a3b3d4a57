// SPDX-License-Identifier: Apache-2.0
// Why a call on files fails, in the words of the C library.

/// A failure of a call on files or processes.
package enum Errno: String, Error, Sendable {
    case noEntry = "No such file or directory"
    case notDirectory = "Not a directory"
    case isDirectory = "Is a directory"
    case exists = "File exists"
    case notEmpty = "Directory not empty"
    case denied = "Permission denied"
    case notPermitted = "Operation not permitted"
    case readOnly = "Read-only file system"
    case loop = "Too many levels of symbolic links"
    case nameTooLong = "File name too long"
    case listTooLong = "Argument list too long"
    case badFile = "Bad file descriptor"
    case noSpace = "No space left on device"
    case noMemory = "Cannot allocate memory"
    case busy = "Device or resource busy"
    case noProcess = "No such process"
    case invalid = "Invalid argument"
    case again = "Resource temporarily unavailable"
    case crossDevice = "Cross-device link"
    case refused = "Connection refused"
    case timedOut = "Connection timed out"

    /// The text.
    package var text: String { rawValue }
}
