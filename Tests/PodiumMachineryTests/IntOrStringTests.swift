// SPDX-License-Identifier: Apache-2.0
// Numbers or texts, and percentages of a total.

import PodiumMachinery
import Testing

@Suite struct IntOrStringTests {
    @Test(
        arguments: [
            (IntOrString.int(3), true, 3), (.string("25%"), true, 3), (.string("25%"), false, 2),
            (.string("x"), true, nil),
            (.string("100%"), false, 10), (.string("%"), true, nil), (.string("-5%"), true, nil),
            (.string("5"), true, nil),
        ] as [(IntOrString, Bool, Int?)]
    )
    func scales(value: IntOrString, roundingUp: Bool, expected: Int?) {
        #expect(value.scaled(to: 10, roundingUp: roundingUp) == expected)
    }
}
