// SPDX-License-Identifier: Apache-2.0
// What find does beyond what Debian's busybox can be asked, and what keeps it from going on for ever.

import PodiumSandboxTesting
import Testing

@Suite struct FindTests {
    @Test(arguments: [
        ScriptCase("mkdir -p x/y; touch x/y/f; find x -delete; ls x 2>/dev/null; echo $?", "1\n"),
        ScriptCase("touch a b; find . -name '?' -type f -exec echo {} + | tr ' ' '\\n' | sort", "./a\n./b\n"),
        ScriptCase("touch a; echo y | find . -name a -ok echo ran {} \\; 2>/dev/null", "ran ./a\n"),
        ScriptCase("touch a; echo n | find . -name a -ok echo ran {} \\; 2>/dev/null", ""),
        ScriptCase("touch a b c; find a b c -print -quit", "a\n"),
        ScriptCase("touch a; find a -exec sh -c 'sleep 2; echo slow' \\;", "slow\n"),
        ScriptCase("touch a b; find a b -exec test {} = b \\; -print", "b\n"),
        ScriptCase("touch a; find a -exec false {} +", code: 1),
        ScriptCase("mkdir d; ln -s .. d/up; find -L d -name none | wc -l", "0\n"),
    ])
    func findRunsItsExpression(_ item: ScriptCase) throws {
        let result = try ScriptResult("mkdir -p /tmp/here; cd /tmp/here\n" + item.script)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test func deepParenthesesAreRefused() throws {
        let open = String(repeating: "\\( ", count: 3_000)
        #expect(try ScriptResult("find / \(open) -name x").code == 1)
    }

    @Test func findWaitsInAPipe() throws {
        #expect(try ScriptResult("find / | head -1").output == "/\n")
    }
}
