// SPDX-License-Identifier: Apache-2.0
// What a controller asks for after it looked at a key, and the contract of looking.

/// How a reconciliation ended.
package struct ReconcileResult: Hashable, Sendable {
    /// When to look again although nothing changed; nil for not at all.
    package var requeueAfter: Duration?

    package init(requeueAfter: Duration? = nil) { self.requeueAfter = requeueAfter }

    /// Nothing more to do until something changes.
    package static let done = ReconcileResult()
}

/// An error that trying again would not mend: the controller logs it and waits for the next change.
package struct TerminalError: Error, Sendable {
    package let message: String

    package init(_ message: String) { self.message = message }
}

/// Brings what is to what ought to be, one key at a time.
///
/// `reconcile` gets a key, not an event: it must read the present state, and must do nothing when all is well, since
/// many changes may arrive as one call and one change as several. A key is never reconciled twice at a time.
// Kubernetes: controller-runtime pkg/reconcile/reconcile.go
package protocol Reconciler<Key>: AnyObject, Sendable {
    /// What is reconciled, mostly the name of an object.
    associatedtype Key: Hashable & Sendable

    /// Does what is to be done about `key`.
    /// - Throws: anything; the key comes again after its back-off. `TerminalError` is not retried.
    func reconcile(_ key: Key) throws -> ReconcileResult
}

/// A reconciler that knows which changes concern it.
package protocol InformedReconciler: Reconciler {
    /// The name by which it can be switched on and off: that of the controller in kube-controller-manager.
    static var name: String { get }

    /// How long a key that failed waits.
    static var backoff: Backoff { get }

    /// Registers with the informers what makes `controller` look at a key. Called once, on their queue, before they
    /// start.
    func watch(_ controller: Controller<Key>)
}

extension InformedReconciler {
    package static var backoff: Backoff { .controllers }
}
