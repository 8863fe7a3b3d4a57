// SPDX-License-Identifier: Apache-2.0
// Which bodies the administration takes: none that a page of another origin could send unasked.

import PodiumAPIServer
import PodiumExchange
import PodiumMachinery

/// What an administration request says of its body.
///
/// A browser sends some types to anybody without asking first (`text/plain`, forms, none at all), but never JSON.
enum AdministrationBody {
    private static let json = "application/json"

    /// Returns when the body is JSON, or when a program that is no browser does not say what it is.
    /// - Throws: 415.
    static func check(_ request: HTTPRequest) throws(StatusError) {
        // Whoever says two things says nothing that can be relied on.
        let types = request.headers.all("content-type").filter { !$0.isEmpty }
        if !types.isEmpty {
            if types.allSatisfy({ $0.withoutParameters.lowercased() == json }) { return }
            throw .unsupportedMediaType([json])
        }
        switch request.method {
        case "POST", "PUT", "PATCH": if isFromBrowser(request.headers) { throw .unsupportedMediaType([json]) }
        // These have no body, and a browser asks before it sends a DELETE.
        default: return
        }
    }

    private static func isFromBrowser(_ headers: HTTPHeaders) -> Bool {
        headers["origin"] != nil || !headers.all(prefix: "sec-fetch-").isEmpty
    }
}
