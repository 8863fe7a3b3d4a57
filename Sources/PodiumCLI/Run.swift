// SPDX-License-Identifier: Apache-2.0
// `podium run`: a command with a cluster of its own.

import ArgumentParser
import Glibc
import Podium

/// `podium run`
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command beside a server of its own, and end with its exit code.",
        discussion: """
            podium run --clock virtual -- pytest -x

            The server listens on a free port. The command finds it by KUBECONFIG, the path of a kubeconfig, and by \
            PODIUM_URL. Options of 'podium serve' stand before the two dashes.
            """
    )

    @OptionGroup(title: "Options of the server")
    var server: ServerOptions

    @Argument(parsing: .postTerminator, help: "The command and its arguments, behind two dashes.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("say which command to run: podium run -- pytest") }
        if let listen = server.listen, listen.hasPrefix("unix:") {
            throw ValidationError("--listen: a command finds the server by its URL, and a Unix socket has none")
        }
    }

    func run() throws {
        let ending = Ending()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = server.kubeconfig ?? "\(folder.path)/kubeconfig"
        let running = try RunningServer(server, listen: server.listen ?? "127.0.0.1:0", kubeconfig: path)
        defer { running.stop() }
        let variables = ["KUBECONFIG": path, "PODIUM_URL": running.address.url ?? ""]
        let child = try ChildProcess(command, variables: variables)
        throw ExitCode(ending.wait(for: child))
    }
}

/// A command that this process has started.
struct ChildProcess {
    /// What shells end with when there is no such command, or when it may not be executed.
    private enum ShellStatus {
        static let notFound: Int32 = 127
        static let notExecutable: Int32 = 126
    }

    let process: pid_t

    /// Starts a command with the signals and the environment that this process was started with, and `variables`.
    /// - Throws: `ExitCode`, after it was said why there is no such command.
    init(_ words: [String], variables: [String: String]) throws {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let environment: [UnsafeMutablePointer<CChar>?] =
            (Self.environment(without: variables) + variables.map { "\($0)=\($1)" }).map { strdup($0) } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var started: pid_t = 0
        let problem = posix_spawnp(&started, words[0], nil, &attributes, arguments, environment)
        guard problem == 0 else {
            let text = "podium run: \(words[0]): \(String(cString: strerror(problem)))\n"
            write(STDERR_FILENO, text, text.utf8.count)
            throw ExitCode(problem == ENOENT ? ShellStatus.notFound : ShellStatus.notExecutable)
        }
        process = started
    }

    /// The variables of this process but for those of `names`, as `NAME=value`.
    private static func environment(without names: [String: String]) -> [String] {
        var result: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if names[String(text.prefix { $0 != "=" })] == nil { result.append(text) }
            next += 1
        }
        return result
    }

    /// How it ended, as shells say it: its exit code, or 128 and the number of the signal; nil while it runs.
    func status() -> Int32? {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

/// A folder that only its owner may enter.
private struct TemporaryFolder {
    let path: String

    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        guard let made = mkdtemp(strdup("\(parent)/podium-XXXXXX")) else {
            throw ValidationError("cannot make a folder in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(cString: made)
        free(made)
    }

    func remove() { rmdir(path) }
}
