// SPDX-License-Identifier: Apache-2.0
// The standard rules of the image table, read from the embedded openapi/images.json when an image is first asked for.

import CPodiumData
import PodiumCodec
import PodiumMachinery

/// What is known of the images most used in public manifests.
enum StandardImages {
    /// The rules in the order in which they are asked.
    static let rules: [ImageRule] = {
        let data = podium_data_images()
        let bytes = UnsafeRawBufferPointer(start: data.bytes, count: data.count)
        var errors: [FieldError] = []
        guard let document = try? JSONValue(json: Array(bytes)) else {
            preconditionFailure("openapi/images.json, which is built in, is no JSON")
        }
        let rules = (document["rules"]?.elements ?? []).enumerated().compactMap { index, value in
            ImageRule(value, at: FieldPath("rules").index(index), &errors)
        }
        if let error = errors.first { preconditionFailure("openapi/images.json, which is built in: \(error)") }
        return rules
    }()
}
