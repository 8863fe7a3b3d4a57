// SPDX-License-Identifier: Apache-2.0
// Requests that are answered at once.

import PodiumHTTP
import Testing

@Suite struct PlainAnswerTests {
    @Test func answersWithStatusFieldsAndBody() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/api?watch=0")
        let answer = try client.answer()
        #expect(answer.status == 200)
        #expect(answer.body == "GET /api?watch=0 0")
        #expect(answer.fields["content-type"] == "text/plain")
        #expect(answer.fields["x-test"] == "yes")
        #expect(answer.fields["content-length"] == "18")
        #expect(answer.fields["date"] != nil)
        // Nothing that a client does not need.
        #expect(answer.fields.count == 4)
    }

    @Test func keepsTheConnection() throws {
        let server = try TestServer()
        let client = try server.connect()
        for index in 0..<50 {
            client.request("GET", "/\(index)")
            #expect(try client.answer().body == "GET /\(index)? 0")
        }
    }

    @Test func answersPipelinedRequestsInOrder() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(String(repeating: "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", count: 400) + "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\nHost: h\r\n\r\n")
        for _ in 0..<400 { #expect(try client.answer().body == "GET /a? 0") }
        #expect(try client.answer().body == "PUT /b? 3")
        #expect(try client.answer().body == "GET /c? 0")
    }

    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "get", "PROPFIND"])
    func passesEveryVerbOn(_ verb: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request(verb, "/p")
        #expect(try client.answer().body == "\(verb) /p? 0")
        client.request(verb, "/p", body: "12345")
        #expect(try client.answer().body == "\(verb) /p? 5")
    }

    @Test func answersHeadWithTheFieldsOfGet() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("HEAD", "/p")
        let head = try client.answer(hasBody: false)
        #expect(head.fields["content-length"] == "10")
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func sendsStreamEvents() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        stream.push("one")
        #expect(try client.chunk() == "one")
        stream.push("two")
        #expect(try client.chunk() == "two")
        stream.finish()
        #expect(try client.chunk() == nil)
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
        #expect(stream.cancellations == 0)
    }
}
