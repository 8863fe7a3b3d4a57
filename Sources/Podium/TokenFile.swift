// SPDX-License-Identifier: Apache-2.0
// The static tokens of a cluster, as a file holds them.

import PodiumAPIServer

/// Tokens and whose they are, in the form of kube-apiserver's `--token-auth-file`: lines
/// `token,user,uid,"group1,group2"` of comma-separated values.
public struct TokenFile: Sendable {
    let table: TokenTable

    /// The token of the first line; nil when the file has none.
    public var firstToken: String? { table.firstToken }

    /// Reads the text of a file.
    /// - Throws: an error that names the first wrong line.
    public init(_ text: String) throws(TokenFileFailure) {
        do throws(TokenFileError) {
            table = try TokenTable(text)
        } catch {
            throw TokenFileFailure(description: error.description)
        }
    }
}

/// Why a token file does not read.
public struct TokenFileFailure: Error, CustomStringConvertible {
    /// The line and the problem: `line 3: …`.
    public let description: String
}
