// SPDX-License-Identifier: Apache-2.0
// The static tokens of a cluster: a file of lines `token,user,uid,"group1,group2"`.

import PodiumMachinery
package import PodiumRegistry

/// Why a token file does not read.
package struct TokenFileError: Error, Hashable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    package let problem: String

    package init(line: Int, problem: String) {
        self.line = line
        self.problem = problem
    }

    /// The line and the problem: `line 3: …`.
    package var description: String { "line \(line): \(problem)" }
}

/// Whom each static token stands for.
// Kubernetes: apiserver/pkg/authentication/token/tokenfile/tokenfile.go
package struct TokenTable: Sendable {
    private var users: [String: UserInfo] = [:]
    /// The token of the first line; nil when there is none.
    package private(set) var firstToken: String?

    /// A table without tokens.
    package init() {}

    /// Reads a file.
    ///
    /// Lines without a token are skipped; of two with the same token the later one counts.
    package init(_ text: String) throws(TokenFileError) {
        var reader = CSVReader(text)
        while let record = try reader.next() {
            let fields = record.fields
            guard fields.count >= 3 else {
                throw TokenFileError(
                    line: record.line,
                    problem: "a token needs at least 3 columns (token, user name, user uid), found \(fields.count)"
                )
            }
            guard !fields[0].isEmpty else { continue }
            // The header in which a token comes ends it at the first blank.
            if fields[0].utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
                throw TokenFileError(
                    line: record.line,
                    problem: "no client can send a token with blanks or control characters in it"
                )
            }
            var user = UserInfo(name: fields[1], uid: fields[2])
            if fields.count > 3, !fields[3].isEmpty {
                user.groups = fields[3].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            }
            users[fields[0]] = user
            firstToken = firstToken ?? fields[0]
        }
    }

    /// Whether there are no tokens.
    package var isEmpty: Bool { users.isEmpty }

    /// The user of a token, as the file says; nil when no line has it.
    package func user(of token: String) -> UserInfo? {
        // Texts of other bytes that read the same are equal as strings, and no secret is known by its looks.
        guard let index = users.index(forKey: token), users[index].key.hasBytes(of: token) else {
            return nil
        }
        return users[index].value
    }
}
