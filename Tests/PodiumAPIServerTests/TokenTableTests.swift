// SPDX-License-Identifier: Apache-2.0
// Token files: what they say, and where they are wrong.

import PodiumAPIServer
import PodiumRegistry
import Testing

@Suite struct TokenTableTests {
    @Test(arguments: [
        ("t,u,i", UserInfo(name: "u", uid: "i")),
        ("t,u,i,g", UserInfo(name: "u", uid: "i", groups: ["g"])),
        ("t,u,i,\"a,b\"", UserInfo(name: "u", uid: "i", groups: ["a", "b"])),
        ("t,u,i,", UserInfo(name: "u", uid: "i")),
        ("t,u,i,g,more,columns", UserInfo(name: "u", uid: "i", groups: ["g"])),
        ("t,\"say \"\"u\"\"\",i", UserInfo(name: "say \"u\"", uid: "i")),
        ("t,\"u\nv\",i", UserInfo(name: "u\nv", uid: "i")),
        ("\n\nx,y,z\r\nt,u,i\r\n", UserInfo(name: "u", uid: "i")),
        ("t,first,i\nt,u,i", UserInfo(name: "u", uid: "i")),
        ("t, u ,i", UserInfo(name: " u ", uid: "i")),
    ])
    func linesNameUsers(_ text: String, _ user: UserInfo) throws {
        #expect(try TokenTable(text).user(of: "t") == user)
    }

    @Test(arguments: ["", "\n\n", ",u,i"])
    func linesWithoutATokenSayNothing(_ text: String) throws {
        #expect(try TokenTable(text).isEmpty)
    }

    @Test func tokensOfOtherBytesAreOthers() throws {
        let table = try TokenTable("\u{E9},u,i")
        #expect(table.user(of: "\u{E9}") != nil)
        #expect(table.user(of: "e\u{301}") == nil)
    }

    @Test(arguments: [" t,u,i", "t ,u,i", "\"a b\",u,i", "t\0x,u,i", "\"a\nb\",u,i", "a\tb,u,i", " , u , i"])
    func tokensThatNobodyCanSendAreMistakes(_ text: String) {
        let error = #expect(throws: TokenFileError.self) { try TokenTable("x,y,z\n" + text) }
        #expect(error?.description == "line 2: no client can send a token with blanks or control characters in it")
    }

    @Test(arguments: [
        ("t,u", "line 1: a token needs at least 3 columns (token, user name, user uid), found 2"),
        ("t,u,i\n\nt", "line 3: a token needs at least 3 columns (token, user name, user uid), found 1"),
        ("a,b,c\nt,u\"v,i", "line 2: bare \" in non-quoted field"),
        ("t,\"u\"v,i", "line 1: extraneous or missing \" in quoted-field"),
        ("a,b,c\nt,\"u,i\n\n", "line 2: a quoted field does not end"),
        ("t,\"u\nv\",i\nx", "line 3: a token needs at least 3 columns (token, user name, user uid), found 1"),
    ])
    func wrongLinesAreNamed(_ text: String, _ problem: String) {
        let error = #expect(throws: TokenFileError.self) { try TokenTable(text) }
        #expect(error?.description == problem)
    }
}
