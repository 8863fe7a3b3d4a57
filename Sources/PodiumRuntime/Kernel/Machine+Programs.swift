// SPDX-License-Identifier: Apache-2.0
// From a command line to the program behind it.

/// What a command line runs.
package enum ProgramChoice: Sendable {
    case program(any Program)
    case failure(ProgramFailure)
}

/// Why a command line runs nothing.
package struct ProgramFailure: Sendable {
    /// The first word.
    package var command: String
    /// What stands in the way.
    package var errno: Errno

    /// A command line whose first word is `command` runs nothing.
    package init(command: String, errno: Errno) {
        self.command = command
        self.errno = errno
    }

    /// 127 when it is not there, 126 when it cannot be run.
    package var code: Int { errno == .noEntry ? 127 : 126 }

    /// What a runtime says.
    var startError: StartError {
        if errno == .listTooLong { return StartError(cause: "exec \(command): \(errno.text.lowercased())") }
        if errno != .noEntry { return StartError(cause: "exec: \"\(command)\": \(errno.text.lowercased())") }
        if command.contains("/") {
            return StartError(cause: "exec: \"\(command)\": stat \(command): no such file or directory")
        }
        return StartError(cause: "exec: \"\(command)\": executable file not found in $PATH")
    }
}

extension Machine {
    /// Finds what a command line runs in the present process: a script of the file system, a simulated program, or
    /// one of which nothing is known. `environment` is that of a shell the program may be.
    package mutating func program(
        for words: [String],
        path: String?,
        environment: [EnvironmentVariable]? = nil
    ) -> ProgramChoice {
        guard let command = words.first, !command.isEmpty else {
            return .failure(ProgramFailure(command: words.first ?? "", errno: .noEntry))
        }
        let environment = environment ?? process.environment
        charge(components: words.count + environment.count)
        guard ExecLimits.allow(words, environment) else {
            return .failure(ProgramFailure(command: command, errno: .listTooLong))
        }
        let name = command.split(separator: "/").last.map(String.init) ?? command
        switch find(command, path: path ?? ImageProfile.path) {
        case .failure(let errno): return .failure(ProgramFailure(command: command, errno: errno))
        case .success(.some(let file)):
            return scriptProgram(file.path, file.content, words, environment)
        case .success(.none):
            return .program(simulated(name, words, environment) ?? uninterpreted(command, name, words))
        }
    }

    /// The simulated program of a name; nil when there is none.
    private func simulated(
        _ name: String,
        _ words: [String],
        _ environment: [EnvironmentVariable]
    ) -> (any Program)? {
        kernel.configuration.programs.program(name, words, environment, self)
    }

    /// A file with content, or nothing when the program is simulated or unknown.
    private func find(_ command: String, path: String) -> Result<(path: String, content: [UInt8])?, Errno> {
        if command.contains("/") {
            if let node = node(command) { return Self.executable(node, at: command) }
        } else {
            for directory in path.split(separator: ":") {
                let file = "\(directory)/\(command)"
                if let node = node(file), node.kind == .file { return Self.executable(node, at: file) }
            }
        }
        guard let container, container.image.isKnownToLack(command), !container.hasUnknownPackages else {
            return .success(nil)
        }
        return .failure(.noEntry)
    }

    private static func executable(
        _ node: FileNode,
        at path: String
    ) -> Result<(path: String, content: [UInt8])?, Errno> {
        if node.kind == .directory || node.mode & 0o111 == 0 { return .failure(.denied) }
        return .success((path, node.content.bytes))
    }

    /// A script is read by the shell of its first line, or by `sh`; of other interpreters nothing is known.
    private mutating func scriptProgram(
        _ path: String,
        _ content: [UInt8],
        _ words: [String],
        _ environment: [EnvironmentVariable]
    ) -> ProgramChoice {
        var interpreter = ["/bin/sh"]
        if content.starts(with: "#!".utf8) {
            let line = content.dropFirst(2).prefix { $0 != 0x0A }.text
            interpreter = line.split(separator: " ").map(String.init)
            if interpreter.first?.hasSuffix("/env") == true { interpreter.removeFirst() }
        } else if content.starts(with: ImageProfile.programMark.utf8) {
            let name = content.dropFirst(ImageProfile.programMark.utf8.count).text
            return .program(simulated(name, words, environment) ?? uninterpreted(name, name, words))
        }
        let arguments = interpreter + [path] + words.dropFirst()
        let name = interpreter.first?.split(separator: "/").last.map(String.init) ?? "sh"
        if let program = simulated(name, arguments, environment) { return .program(program) }
        return .program(UnknownProgram("Script \(path) for \(name)"))
    }
}
