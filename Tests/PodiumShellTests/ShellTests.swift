// SPDX-License-Identifier: Apache-2.0
// What scripts print and how they end, as a POSIX shell has it.

import PodiumRuntime
import PodiumSandboxTesting
import Testing

/// A script with what it must come to.
struct ScriptCase: CustomTestStringConvertible, Sendable {
    var script: String
    var output: String
    var code: Int

    init(_ script: String, _ output: String = "", code: Int = 0) {
        self.script = script
        self.output = output
        self.code = code
    }

    var testDescription: String { script }
}

@Suite struct ShellTests {
    private func check(_ item: ScriptCase) throws {
        let result = try ScriptResult(item.script)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test(arguments: [
        ScriptCase("echo a; echo b", "a\nb\n"),
        ScriptCase("true && echo yes || echo no", "yes\n"),
        ScriptCase("false && echo yes || echo no", "no\n"),
        ScriptCase("! true; echo $?", "1\n"),
        ScriptCase("false | true; echo $?", "0\n"),
        ScriptCase("true | false", code: 1),
        ScriptCase("{ echo a; echo b; } | cat", "a\nb\n"),
        ScriptCase("echo a | { read x; echo \"got $x\"; }", "got a\n"),
        ScriptCase("exit 300", code: 44),
        ScriptCase("exit 7; echo no", code: 7),
        ScriptCase("(exit 4); echo $?", "4\n"),
        ScriptCase("x=1; (x=2; echo $x); echo $x", "2\n1\n"),
        ScriptCase("nosuch; echo $?", "127\n"),
        ScriptCase("nosuch", code: 127),
        ScriptCase("set -e; false; echo no", code: 1),
        ScriptCase("set -e; false || true; if false; then :; fi; echo ok", "ok\n"),
        ScriptCase("sh -e -c 'false; echo no'; echo $?", "1\n"),
        ScriptCase("set -u; echo $undefined; echo no", code: 2),
        ScriptCase("echo a; # comment\necho '#not'", "a\n#not\n"),
        ScriptCase("echo a\\\nb", "ab\n"),
    ])
    func listsAndPipelines(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ScriptCase("if false; then echo a; elif true; then echo b; else echo c; fi", "b\n"),
        ScriptCase("if [ -f /nowhere ]; then echo y; fi; echo $?", "0\n"),
        ScriptCase("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", "0\n1\n2\n"),
        ScriptCase("i=3; until [ $i -eq 0 ]; do echo $i; i=$((i-1)); done", "3\n2\n1\n"),
        ScriptCase("for x in a \"b c\" d; do echo \"<$x>\"; done", "<a>\n<b c>\n<d>\n"),
        ScriptCase("set -- 1 2 3; for x; do echo $x; done; echo $# \"$*\" $@", "1\n2\n3\n3 1 2 3 1 2 3\n"),
        ScriptCase("for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done", "1\n3\n"),
        ScriptCase("for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done", "1a\n2a\n"),
        ScriptCase("while :; do i=$((i+1)); [ $i -ge 3 ] && break; done; echo $i", "3\n"),
        ScriptCase("case hello in h*o) echo match;; *) echo none;; esac", "match\n"),
        ScriptCase("case abc in a|b) echo 1;; [a-c]bc) echo 2;; esac", "2\n"),
        ScriptCase("case \"\" in \"\") echo empty;; esac", "empty\n"),
        ScriptCase("case a in (a) echo paren;; esac", "paren\n"),
        ScriptCase("f() { echo \"in $1\"; return 3; }; f x; echo $?", "in x\n3\n"),
        ScriptCase("f() { local x=1; echo $x; }; x=9; f; echo $x", "1\n9\n"),
        ScriptCase("f() { echo $1; [ $1 -gt 0 ] && f $(($1-1)); }; f 2", "2\n1\n0\n", code: 1),
        ScriptCase("f() { while true; do return 2; done; }; f; echo $?", "2\n"),
        ScriptCase("f() { for a in \"$@\"; do echo \"[$a]\"; done; }; f \"a b\" c", "[a b]\n[c]\n"),
        ScriptCase("while getopts ab: o; do echo $o; done; getopts ab: o -b val; echo $o $OPTARG", "b val\n"),
    ])
    func compoundCommands(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ScriptCase(
            "x=hello; echo ${x#he} ${x%lo} ${#x} ${y:-def} ${x:+alt} ${x##*l} ${x%%l*}",
            "llo hel 5 def alt o he\n"
        ),
        ScriptCase("unset y; echo ${y:=set}; echo $y", "set\nset\n"),
        ScriptCase("echo ${x?gone}; echo no", code: 2),
        ScriptCase("echo ${x:-$(echo nested)} ${x:-\"q u\"}", "nested q u\n"),
        ScriptCase("echo $(echo sub; echo two)", "sub two\n"),
        ScriptCase("echo \"`echo back`\"", "back\n"),
        ScriptCase("echo \"$(printf 'a\\nb\\n')\"", "a\nb\n"),
        ScriptCase("a=$(false); echo $?", "1\n"),
        ScriptCase("echo $((1+2*3)) $((10/3)) $((10%3)) $((1<<4)) $((5>3)) $((!0))", "7 3 1 16 1 1\n"),
        ScriptCase("x=5; echo $((x*2)) $((x+=3)) $x", "10 8 8\n"),
        ScriptCase("echo $(( 0x10 + 010 )) $((2>1?3:4)) $((-5)) $((~5)) $((6&3|8))", "24 3 -5 -6 10\n"),
        ScriptCase(
            "echo $((9223372036854775807+1)) $((-9223372036854775807-1))",
            "-9223372036854775808 -9223372036854775808\n"
        ),
        ScriptCase("echo $((1/0)); echo no", code: 2),
        ScriptCase("x=\"a b\"; set -- $x; echo $#; set -- \"$x\"; echo $#", "2\n1\n"),
        ScriptCase("IFS=:; x=a:b:c; set -- $x; echo $2", "b\n"),
        ScriptCase("cd /tmp; touch q1 q2; echo q* z*", "q1 q2 z*\n"),
        ScriptCase("echo 'it'\\''s' \"\\$x\" \"'in'\"", "it's $x 'in'\n"),
        ScriptCase("a=1 b=2 sh -c 'echo $a $b'; echo \"[$a]\"", "1 2\n[]\n"),
        ScriptCase("export X=exp; sh -c 'echo $X'", "exp\n"),
        ScriptCase("sh -c 'echo $0 $1' zero one", "zero one\n"),
        ScriptCase("readonly r=1; echo $r; r=2; echo no", "1\n", code: 2),
        ScriptCase("a=3; y=a; eval echo \\$$y", "3\n"),
        ScriptCase("HOME=/h; echo ~/x", "/h/x\n"),
    ])
    func expansions(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ScriptCase("cd /tmp; echo hi > f; echo more >> f; cat f; wc -l < f", "hi\nmore\n2\n"),
        ScriptCase("cat <<EOF\nhello $((1+1))\nEOF", "hello 2\n"),
        ScriptCase("cat <<'EOF'\nhello $x\nEOF", "hello $x\n"),
        ScriptCase("cat <<-EOF\n\ttabbed\n\tEOF", "tabbed\n"),
        ScriptCase("cat <<A; cat <<B\na\nA\nb\nB", "a\nb\n"),
        ScriptCase("while read l; do echo \"l:$l\"; done <<EOF\none\ntwo\nEOF", "l:one\nl:two\n"),
        ScriptCase("cd /tmp; exec 3>f3; echo to3 >&3; exec 3>&-; cat f3", "to3\n"),
        ScriptCase("ls /nowhere 2>/dev/null || echo missing", "missing\n"),
        ScriptCase("cat < /nowhere; echo $?", "1\n"),
        ScriptCase("echo x > /nowhere/f; echo $?", "1\n"),
        ScriptCase("printf 'a\\\\b\\n' | { read -r x; echo \"$x\"; }", "a\\b\n"),
        ScriptCase("printf nonl | { read x; echo \"$? $x\"; }", "1 nonl\n"),
        ScriptCase("cd /tmp; printf '#!/bin/sh\\necho script $1\\n' > s; chmod +x s; ./s a", "script a\n"),
        ScriptCase("cd /tmp; echo 'echo x' > s; chmod +x s; chmod -x s; ./s; echo $?", "126\n"),
        ScriptCase("cd /tmp; echo 'echo sourced' > s.sh; . ./s.sh", "sourced\n"),
        ScriptCase("set -x; echo traced 2>/dev/null", "traced\n"),
    ])
    func redirections(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [("declare -i n=3", 1), ("typeset -u x=a", 1), ("declare -r x=-i", 0), ("declare -a x", 0)])
    func attributesThatChangeValuesAreSaidNotToBeSimulated(script: String, count: Int) throws {
        var tester = SandboxTester()
        _ = try tester.start(sh: "") {
            $0.image = "debian:12"
            $0.command = ["bash", "-c", script]
        }
        #expect(tester.notes.count == count)
    }

    @Test(arguments: [
        ("fi", "sh: syntax error: unexpected \"fi\"\n"),
        ("if true", "sh: syntax error: unexpected end of file (expecting \"then\")\n"),
        ("echo \"open", "sh: syntax error: unterminated quoted string\n"),
        ("echo a ;; echo b", "sh: syntax error: unexpected \";;\"\n"),
    ])
    func whatIsNoScriptEndsWithTwo(script: String, message: String) throws {
        let result = try ScriptResult(script)
        #expect(result.errors == message)
        #expect(result.code == 2)
    }

    @Test(arguments: [
        ("busybox:1.36", "sh: nosuch: not found\n"), ("alpine:3.20", "sh: nosuch: not found\n"),
    ])
    func eachShellHasItsOwnWords(image: String, message: String) throws {
        #expect(try ScriptResult("nosuch", image: image).errors == message)
    }

    @Test(arguments: [
        ScriptCase("x=(a b c); echo ${x[1]} ${#x[@]}", "b 3\n"),
        ScriptCase("[[ abc == a* && -n x ]] && echo yes", "yes\n"),
        ScriptCase("[[ v12 =~ ^v([0-9]+)$ ]] && echo ${BASH_REMATCH[1]}", "12\n"),
        ScriptCase("for ((i=0; i<3; i++)); do echo $i; done", "0\n1\n2\n"),
        ScriptCase("echo {a,b}{1..3}", "a1 a2 a3 b1 b2 b3\n"),
        ScriptCase("x=hello; echo ${x/l/L} ${x//l/L} ${x:1:3} ${x^^}", "heLlo heLLo ell HELLO\n"),
        ScriptCase("(( 2 > 1 )) && echo big; cat <<< here", "big\nhere\n"),
        ScriptCase("echo {9223372036854775806..9223372036854775807}", "9223372036854775806 9223372036854775807\n"),
        ScriptCase("echo {5..1..2} {08..10}", "5 3 1 08 09 10\n"),
        ScriptCase("echo {1..3..-9223372036854775808}", "1\n"),
        ScriptCase("echo {-9223372036854775808..9223372036854775807}", "{-9223372036854775808..9223372036854775807}\n"),
        ScriptCase(
            "a[9223372036854775807]=x; echo no",
            "bash: line 1: a[9223372036854775807]: bad array subscript\n",
            code: 1
        ),
        ScriptCase(
            "mapfile -O 9223372036854775807 a <<< x; exit $?",
            "bash: line 1: mapfile: 9223372036854775807: invalid array origin\n",
            code: 1
        ),
        ScriptCase(
            "declare -A m; exit $?",
            "bash: line 1: declare: associative arrays and references are not simulated\n",
            code: 2
        ),
    ])
    func bashHasMore(_ item: ScriptCase) throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "") {
            $0.image = "debian:12"
            $0.command = ["bash", "-c", item.script]
        }
        tester.run(for: .seconds(60))
        #expect(tester.log(of: handle) == item.output)
        #expect(tester.exit(of: handle)?.code == item.code)
    }
}
