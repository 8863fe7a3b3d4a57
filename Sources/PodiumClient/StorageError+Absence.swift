// SPDX-License-Identifier: Apache-2.0
// Writes to objects that may be gone by then.

package import PodiumStorage

extension StorageError {
    /// Runs `body`, for which it is no error that an object is gone: somebody else removed it, which is as well.
    /// - Returns: whether it came to its end.
    @discardableResult
    package static func ignoringAbsence(_ body: () throws(StorageError) -> Void) throws(StorageError) -> Bool {
        do throws(StorageError) {
            try body()
            return true
        } catch {
            if case .keyNotFound = error { return false }
            throw error
        }
    }
}
