// SPDX-License-Identifier: Apache-2.0
// What Go says of texts that are no numbers.

import PodiumCodec

/// Numbers as Go reads them.
// Go: strconv/atoi.go
package enum GoNumber {
    /// Why `function` (`ParseInt`, `ParseUint`) cannot read `text`: `strconv.ParseInt: parsing "x": invalid syntax`.
    package static func problem(_ function: String, _ text: String) -> String {
        // An unsigned number takes no sign at all.
        let digits = function == "ParseUint" ? text[...] : text.drop { $0 == "-" || $0 == "+" }
        let isNumber = !digits.isEmpty && digits.utf8.allSatisfy(\.isDigit)
        return "strconv.\(function): parsing \(FieldError.quoted(text)): "
            + (isNumber ? "value out of range" : "invalid syntax")
    }
}
