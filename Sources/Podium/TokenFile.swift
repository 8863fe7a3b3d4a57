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
    /// - Throws: an error that names the first wrong line, or says that there is no token.
    public init(_ text: String) throws(TokenFileFailure) {
        do throws(TokenFileError) {
            table = try TokenTable(text)
        } catch {
            throw TokenFileFailure(description: error.description)
        }
        if table.isEmpty {
            throw TokenFileFailure(description: #"there is no token in it; lines are token,user,uid,"group1,group2""#)
        }
    }

    /// Reads the content of a file, which may begin with a byte order mark, as some editors write one.
    /// - Throws: as ``init(_:)``, and when it is not UTF-8.
    public init(_ content: [UInt8]) throws(TokenFileFailure) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = content.starts(with: mark) ? content[mark.count...] : content[...]
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TokenFileFailure(description: "it is not UTF-8 text")
        }
        try self.init(text)
    }
}

/// Why a token file does not read.
public struct TokenFileFailure: Error, CustomStringConvertible {
    /// The problem, after its line where it has one: `line 3: …`.
    public let description: String
}
