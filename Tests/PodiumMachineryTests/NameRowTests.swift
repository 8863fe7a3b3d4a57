// SPDX-License-Identifier: Apache-2.0
// Where a table keeps what belongs to a name.

import PodiumMachinery
import Testing

@Suite struct NameRowTests {
    @Test func equalNamesShareARowHoweverTheyAreStored() {
        for name in ["", "p", "pods", "configmaps", "validatingadmissionpolicybindings", "größen"] {
            let row = NameRow.of(name)
            #expect((0..<NameRow.count).contains(row))
            #expect(NameRow.of(String("x\(name)y".dropFirst().dropLast())) == row)
        }
    }
}
