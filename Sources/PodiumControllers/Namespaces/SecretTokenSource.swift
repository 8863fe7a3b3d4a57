// SPDX-License-Identifier: Apache-2.0
// Who makes the tokens that are kept in Secrets.

package import PodiumMachinery

/// What makes the tokens that are kept in Secrets.
package protocol SecretTokenSource: Sendable {
    /// A token of a service account for the Secret that holds it.
    func token(for secret: NamespacedName, account: String, accountUID: String) -> String
}
