// SPDX-License-Identifier: Apache-2.0
// What stands in a kubeconfig for a server, and how a file of it is written and taken away.

import ArgumentParser
import Glibc
import Podium

/// A kubeconfig with one cluster, one user and one context.
struct KubeconfigFile {
    /// Who sends a token that nobody asks for; some clients take a user without any credentials for a mistake.
    static let anyToken = "podium"
    /// The first line of a file that may be replaced and taken away again.
    private static let mark = "# written by podium serve; it goes when the server ends\n"

    /// The URL of the server, without a slash at the end.
    let server: String
    /// How cluster, user and context are called.
    let name: String
    /// The token that the user sends.
    let token: String

    /// For the cluster at `url`, or the one below it called `cluster`.
    init(url: String, cluster: String? = nil, token: String? = nil) {
        server = url + (cluster.map { "/clusters/\($0)" } ?? "")
        name = cluster.map { "podium-\($0)" } ?? "podium"
        self.token = token ?? Self.anyToken
    }

    /// The text of the file, whose scalars are written as JSON has them, which is YAML too.
    var text: String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: \(name)
          cluster: {server: \(JSONText.quoted(server))}
        users:
        - name: \(name)
          user: {token: \(JSONText.quoted(token))}
        contexts:
        - name: \(name)
          context: {cluster: \(name), user: \(name)}
        current-context: \(name)

        """
    }

    /// Checks that `path` may be written to: it is not there, or an earlier server left it.
    /// - Throws: when somebody else's file would be lost.
    static func check(_ path: String) throws {
        guard access(path, F_OK) == 0 else { return }
        guard try InputFile.read(path).starts(with: mark.utf8) else {
            throw ValidationError("--kubeconfig: \(path) exists and was not written by podium serve")
        }
        // Whoever waits for the file must not find that of an earlier server.
        remove(path)
    }

    /// Writes the file at `path`, which only its owner may read. Whoever sees it sees all of it.
    func write(to path: String) throws {
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0, let file = fdopen(descriptor, "w") else { throw Self.failure(path) }
        let isWritten = fputs(Self.mark + text, file) >= 0
        guard fclose(file) == 0, isWritten, rename(draft, path) == 0 else {
            let failure = Self.failure(path)
            unlink(draft)
            throw failure
        }
    }

    /// Takes the file away that a server has written.
    static func remove(_ path: String) { unlink(path) }

    private static func failure(_ path: String) -> ValidationError {
        ValidationError("--kubeconfig: cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
