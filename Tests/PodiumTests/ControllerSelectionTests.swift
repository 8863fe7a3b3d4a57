// SPDX-License-Identifier: Apache-2.0
// Which controllers a list of names means.

import PodiumControllers
import Testing

@testable import Podium

@Suite struct ControllerSelectionTests {
    @Test(arguments: [
        ("*", "deployment-controller", true), ("", "deployment-controller", false),
        ("*,-deployment", "deployment-controller", false), ("*,-deployment", "replicaset-controller", true),
        ("-deployment-controller,*", "deployment-controller", false), ("deployment", "deployment-controller", true),
        ("deployment", "scheduler", false), ("*,-workloads", "replicaset-controller", false),
        ("*,-workloads", "scheduler", true), ("*,-workloads", "garbage-collector-controller", true),
        ("*,-scheduler,-kubelets", "kubelets", false),
        // Of two words about one the first holds.
        ("deployment,-workloads,*", "deployment-controller", true),
    ])
    func aListSaysWhoRuns(_ text: String, _ name: String, _ runs: Bool) throws {
        #expect(try ControllerSelection(text).contains(name) == runs)
    }

    @Test func nothingMeansTheAPIAlone() throws {
        #expect(try ControllerSelection("").isEmpty)
        #expect(try ControllerSelection("-deployment").isEmpty)
        #expect(!(try ControllerSelection("*").isEmpty))
        #expect(ControllerSelection.all.standard == Set(StandardControllers.names))
    }

    @Test(arguments: ["foo", "-foo", "*,deployments"])
    func otherNamesAreRefused(_ text: String) {
        #expect(throws: ControllerSelectionError.self) { try ControllerSelection(text) }
    }
}
