// SPDX-License-Identifier: Apache-2.0
// What well-known images start: their entry points, and interpreters whose programs are not simulated.

import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let entryPointApplets: [String: WaitingApplet] = [
        "docker-entrypoint.sh": { PrefixProgram(words: $0, valued: "") },
        "entrypoint.sh": { PrefixProgram(words: $0, valued: "") },
        "docker-entrypoint": { PrefixProgram(words: $0, valued: "") },
        "docker-php-entrypoint": { PrefixProgram(words: $0, valued: "") },
        "__cacert_entrypoint.sh": { PrefixProgram(words: $0, valued: "") },
        "jshell": { InterpreterProgram(words: $0) },
        "hello": { words in
            let greet: ImmediateApplet = { machine, _ in
                machine.print(
                    "\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n"
                )
                return 0
            }
            return ImmediateProgram(applet: greet, words: words)
        },
        "node": { InterpreterProgram(words: $0) },
        "perl": { InterpreterProgram(words: $0) },
        "irb": { InterpreterProgram(words: $0) },
        "ruby": { InterpreterProgram(words: $0) },
        "php": { InterpreterProgram(words: $0) },
        "julia": { InterpreterProgram(words: $0) },
    ]
}

/// An interpreter of a language that is not simulated. Without a program it reads one from standard input, whose end
/// ends it; of a program itself nothing is known.
struct InterpreterProgram: Program {
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        let hasProgram = words.count > 1 && words.dropFirst() != ["-de0"] && words.dropFirst() != ["-a"]
        let command = words.first ?? ""
        let name = command.split(separator: "/").last.map(String.init) ?? command
        let unknown = Progress.replaced(machine.uninterpreted(command, name, words))
        guard !hasProgram else { return unknown }
        switch machine.read(0) {
        case .end, .failed: return .exited(0)
        case .bytes: return unknown
        case .wait(let wait): return .blocked(wait)
        }
    }
}
