// SPDX-License-Identifier: Apache-2.0
// Random scripts and command lines: none of them may crash or hang, even on a small stack.

import Foundation
import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite(.serialized) struct FuzzTests {
    /// The stack of a thread that Dispatch makes.
    private static let stackBytes = 512 << 10

    private func onASmallStack(_ body: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            body()
            done.signal()
        }
        thread.stackSize = Self.stackBytes
        thread.start()
        done.wait()
    }

    private static func attempt(_ script: String, shell: String = "sh", image: String = "busybox:1.36") {
        var tester = SandboxTester()
        let handle = try? tester.start(sh: script, image: image) { $0.command = [shell, "-c", script] }
        tester.run(for: .seconds(30), maximumWakes: 20)
        if let handle { tester.sandbox.remove(handle) }
    }

    @Test func randomBytesAreNoScripts() {
        onASmallStack {
            var numbers = SeededNumbers(state: 1)
            for _ in 0..<400 {
                let count = Int.random(in: 0..<60, using: &numbers)
                let bytes = (0..<count).map { _ in UInt8.random(in: 1...255, using: &numbers) }
                Self.attempt(String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    @Test func randomWordsOfTheShellDoNotCrashIt() {
        let words = [
            "if", "then", "fi", "else", "while", "do", "done", "for", "x", "in", "case", "esac", ";;", "(", ")", "{",
            "}", ";",
            "&", "&&", "||", "|", "<", ">", ">>", "<<", "EOF", "\n", "'", "\"", "`", "$(", "${", "$((", "))", "$x",
            "${x", "#",
            "##", "%", ":-", "=", "a=1", "a=(1 2)", "[", "]", "[[", "]]", "!", "*", "?", "[a-", "\\", "echo", "f()",
            "function",
            "eval", "exec", "exit", "read", "set", "--", "-e", "trap", "EXIT", "return", "break", "9999999999999999999",
            "-1",
            "local", "export", "shift", "wait", "kill", "$$", "$!", "$@", "\"$@\"", "test", "-eq", "=~", "2>&1", "<&-",
            "~", "é",
            "{1..5}", "{a,b}", "<<<", "<(", "((", "${x[1]}", "${!x}", "${x/a/b}", "${x:1:-1}", "$'", "\\n", "select",
            "coproc",
        ]
        for (seed, shell) in [(7, "sh"), (8, "bash")] as [(UInt64, String)] {
            onASmallStack {
                var numbers = SeededNumbers(state: seed)
                for _ in 0..<700 {
                    let count = Int.random(in: 1..<18, using: &numbers)
                    let script = (0..<count).map { _ in
                        words[Int.random(in: 0..<words.count, using: &numbers)]
                            + (Int.random(in: 0..<4, using: &numbers) == 0 ? "" : " ")
                    }
                    Self.attempt(script.joined(), shell: shell, image: shell == "sh" ? "busybox:1.36" : "debian:12")
                }
            }
        }
    }

    @Test(arguments: [
        "(", "{ ", "$(", "`", "\"$(", "${x:-", "\"${x:-\"", "$((", "((", "if ", "while ", "! ", "f() ", "case x in x) ",
        "a && ",
        "a | ", "a; ", "a\n", "cat <<A $(", "$((1+(", "$((1?1:", "$((a=", "$((2**", "$((-", "[ ! ", "[ ( ", "{a,", "\\",
        "x=(",
        "${x/", "<<E\n$(cat ", "function f ", "eval ", "sh -c 'exec ", "&", "<", "for x in a; do ", "until :; do ",
        "[[ ( ", "x[", "expr ( ", "echo | sed 's/", "grep '(", "echo a | sed -E 's/(a|", "${#", "${!",
    ])
    func deepNestingIsRefusedNotFollowed(piece: String) {
        onASmallStack {
            for count in [50, 1500] {
                let text = String(repeating: piece, count: count)
                for shell in ["sh", "bash"] {
                    let image = shell == "sh" ? "busybox:1.36" : "debian:12"
                    Self.attempt(text, shell: shell, image: image)
                    Self.attempt("echo " + text, shell: shell, image: image)
                    Self.attempt(
                        "x='" + text.replacing("'", with: "") + "'; [ $x ]; expr $x; eval \"$x\"",
                        shell: shell,
                        image: image
                    )
                    Self.attempt("echo $((" + text + "))", shell: shell, image: image)
                }
            }
        }
    }

    @Test(arguments: [
        "(a|b)*", "(a*)*b", "(a|aa)+$", "((a{1,255}){1,255}){1,255}", "a*a*a*a*a*a*b", "\\(x\\)\\1*", "[[:alpha:]]*z",
        "(()*)*",
        "^*", "[", "a{999999999}", "(", "\\", "[z-a]", "a**", "(?:x)",
    ])
    func hardExpressionsEnd(expression: String) {
        onASmallStack {
            let subject = "head -c 30000 /dev/zero | tr '\\0' a"
            Self.attempt(
                "\(subject) | grep -E '\(expression)'; \(subject) | grep '\(expression)'; \(subject) | sed 's/\(expression)/x/g'"
            )
        }
    }

    @Test func calculatorsTakeAnyProgram() {
        let words = [
            "1", "0", "9", ".5", "1.25", "FF", "99999999999999999999", "+", "-", "*", "/", "%", "^", "=", "==", "<",
            "(",
            ")", "[", "]", "{", "}", ";", ",", "\n", "a", "b", "if", "else", "while", "for", "(i=0;i<3;i++)",
            "define f(x)",
            "f(", "return", "auto x;", "scale=", "ibase=", "obase=", "sqrt(", "length(", "last", "print", "\"t\"", "++",
            "--", "+=", "!", "&&", "||", "quit", "break", "p", "d", "r", "c", "k", "i", "o", "x", "[d x]", "sa", "la",
            "Sa", "La", ":a", ";a", ">a", "z", "Z", "X", "v", "~", "|", "P", "n", "q", "Q", "_3", "e(1)", "l(2)",
            "a(9)",
        ]
        onASmallStack {
            var numbers = SeededNumbers(state: 7)
            for round in 0..<600 {
                let count = Int.random(in: 1..<14, using: &numbers)
                let text = (0..<count).map { _ in words[Int.random(in: 0..<words.count, using: &numbers)] }
                let program = ["bc", "bc -l", "dc"][round % 3]
                Self.attempt("\(program) <<'EOF'\n\(text.joined(separator: " "))\nEOF\n")
            }
            for piece in [
                "(", "-", "2^", "a=", "a[", "{", "if(1)", "if(1)1 else ", "while(1)", "f(", "sqrt(", "[", "!",
            ] {
                let text = String(repeating: piece, count: 20_000)
                Self.attempt(
                    "yes '\(piece)' | head -n 20000 | tr -d '\\n' > t; bc t; dc t; echo '\(text.prefix(500))' | bc -l"
                )
            }
        }
    }

    @Test(arguments: ["busybox:1.36", "acme/tool:1"])
    func appletsTakeAnyArguments(image: String) {
        let values = [
            "-1", "0", "1", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e308", "nan", "",
            "-", "--",
            "-n", "-c", "-d", "-f1-", "-f0", "-f-1", "-k0", "-k9,1", "-s", "-w0", "-n-1", "-n+1", "-c-9", "+%s%Y%q%",
            "-d@99999999999",
            "-d@-99999999999999", "%s", "%d%*d%.*f", "%999999999d", "/", "/etc/passwd", "/nowhere", "/dev/zero",
            "/dev/full", "é", "a-z",
            "z-a", "[:alpha:]", "s/a/b/99999999999", "1~0p", "$!N", "2,1p", "y/a/", "{p", "bs=0", "count=-1", "bs=9G",
            "if=/dev/zero",
            "skip=9223372036854775807", "of=/tmp/x", "1-", "255.255.255.255", "0x10", "1..5", "(", ")", "+", "*", ":",
            "/tmp/../..", ".",
        ]
        onASmallStack {
            var numbers = SeededNumbers(state: 99)
            var tester = SandboxTester()
            guard let handle = try? tester.start(sh: "sleep 99999", image: image),
                let list = try? tester.exec(["ls", "/bin"], in: handle)
            else { return }
            let names =
                list.text.split(separator: "\n").map(String.init) + [
                    "sh", "[", "awk", "sed", "dd", "printf", "seq", "date",
                ]
            for name in names where name != "busybox" {
                for _ in 0..<10 {
                    let count = Int.random(in: 0..<5, using: &numbers)
                    let words = (0..<count).map { _ in values[Int.random(in: 0..<values.count, using: &numbers)] }
                    guard
                        let command = try? tester.sandbox.exec(
                            [name] + words,
                            in: handle,
                            now: tester.now,
                            world: tester.world
                        )
                    else { continue }
                    tester.run(for: .seconds(1), maximumWakes: 3)
                    tester.sandbox.kill(command, now: tester.now, world: tester.world)
                    guard tester.sandbox.isRunning(handle) else { return }
                }
            }
        }
    }
}
