// SPDX-License-Identifier: Apache-2.0
// Plans: how they are read, printed and lived out.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct ContainerPlanTests {
    @Test(arguments: [
        ("run", "run"), ("  run  ", "run"), ("exit 1 after 5s x3, run", "exit 1 after 5s x3, run"),
        ("pull 20s, ready after 3s, exit 0 after 1m", "pull 20s, ready after 3s, exit 0 after 1m0s"),
        ("fail pull ErrImagePull x2,run", "fail pull ErrImagePull x2, run"), ("fail pull", "fail pull ErrImagePull"),
        ("exit 137 OOMKilled after 10s", "exit 137 OOMKilled after 10s"), ("exit 0", "exit 0"),
        ("exit 255 Error x1", "exit 255 Error"), ("ready after 1m30s", "ready after 1m30s, run"),
        ("exit 1, exit 2, exit 3", "exit 1, exit 2, exit 3"), ("run x2, exit 0", "run x2, exit 0"),
        (
            "print \"a \\\"b\\\" \\\\\" after 2s, exit 0 after 3s",
            "print \"a \\\"b\\\" \\\\\" after 2s, exit 0 after 3s"
        ),
        ("pull 1.5s, fail pull ImageGone", "pull 1.5s, fail pull ImageGone"), ("pull 0s, run", "pull 0s, run"),
        ("exit 1 after 5s\n x3 ,\trun", "exit 1 after 5s x3, run"),
        (
            "memory 64Mi, cpu 0.2, cpu 1 after 30s, run x2, cpu 10m",
            "memory 64Mi, cpu 200m, cpu 1 after 30s, run x2, cpu 10m, run"
        ),
    ])
    func plansAreReadAndPrinted(text: String, printed: String) throws {
        let plan = try ContainerPlan(parsing: text)
        #expect(plan.description == printed)
        #expect(try ContainerPlan(parsing: printed) == plan)
    }

    @Test(arguments: [
        ("", 1, "expected run, exit, fail, pull, ready, print, cpu, memory or on stop"),
        ("walk", 1, "expected run, exit, fail, pull, ready, print, cpu, memory or on stop"),
        ("run,", 5, "expected run, exit, fail, pull, ready, print, cpu, memory or on stop"),
        ("run run", 5, "expected \",\" or the end"),
        ("exit", 5, "expected an exit code between 0 and 255"),
        ("exit 256", 6, "expected an exit code between 0 and 255"),
        ("exit 1 after 5", 14, "5 has no unit; write 5s for seconds"),
        ("exit 1 for 5s", 8, "expected \",\" or the end"),
        ("exit 1 after x", 14, "expected a duration such as 5s or 1m30s, at most 87840h0m0s"),
        ("exit 1 after -5s", 14, "expected a duration such as 5s or 1m30s, at most 87840h0m0s"),
        ("pull 999999h", 6, "expected a duration such as 5s or 1m30s, at most 87840h0m0s"),
        ("ready 3s", 7, "expected after"), ("fail start", 6, "expected pull"),
        ("run x0", 6, "expected a number of times between 1 and 1000000"),
        ("run x99999999999999999999", 6, "expected a number of times between 1 and 1000000"),
        ("pull 1s x2, run", 9, "a number of times follows run, exit or fail only"),
        ("pull 1s, pull 2s, run", 10, "this attempt has a pull already"),
        ("ready after 1s, fail pull", 17, "a container whose image cannot be pulled is never ready and prints nothing"),
        ("cpu lots, run", 5, "expected an amount such as 200m or 64Mi"),
        ("cpu -1, run", 5, "expected an amount that is not negative"),
        ("cpu 1, cpu 2, run", 8, "this attempt says already what is used of cpu from then on"),
        ("memory 1Mi x2, run", 12, "a number of times follows run, exit or fail only"),
        ("print hello", 7, "expected a text in quotation marks"),
        ("print \"open", 7, "this text has no closing quotation mark"),
        ("print \"\\n\", run", 9, "\\ stands before \" and \\ only"),
        ("é, run", 1, "expected run, exit, fail, pull, ready, print, cpu, memory or on stop"),
    ])
    func aFaultIsToldWithItsColumn(text: String, column: Int, detail: String) {
        let error = #expect(throws: PlanError.self) { try ContainerPlan(parsing: text) }
        #expect(error?.column == column)
        #expect(error?.detail == detail)
        #expect(error?.message == "column \(column): \(detail)")
    }

    @Test func longPlansAreRefused() {
        let text = String(repeating: "run, ", count: 4000) + "run"
        #expect(throws: PlanError.self) { try ContainerPlan(parsing: text) }
        let many = Array(repeating: "exit 1", count: 300).joined(separator: ",")
        #expect(throws: PlanError.self) { try ContainerPlan(parsing: many) }
    }

    @Test func whatIsUsedChangesWithTime() throws {
        let attempt = try ContainerPlan(parsing: "cpu 1 after 10s, cpu 2 after 20s, memory 1Mi").attempt(0)
        let amounts = [0, 10, 19, 20, 99].map { attempt.usage.amount(of: "cpu", after: .seconds($0))?.description }
        #expect(amounts == [nil, "1", "1", "2", "2"])
        #expect(attempt.usage.amount(of: "memory", after: .zero)?.description == "1Mi")
        #expect(attempt.usage.amount(of: "gpu", after: .zero) == nil)
    }

    @Test func theLastAttemptIsMadeForEver() throws {
        let plan = try ContainerPlan(parsing: "fail pull x2, exit 1 x3, run")
        let kinds = (0..<8).map { index -> String in
            let attempt = plan.attempt(index)
            return attempt.pullFailure ?? attempt.end.map { "exit \($0.code)" } ?? "run"
        }
        #expect(kinds == ["ErrImagePull", "ErrImagePull", "exit 1", "exit 1", "exit 1", "run", "run", "run"])
    }

    @Test func aPlannedContainerDoesWhatItsPlanSays() throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "main", image: "example.com/app:1")
        let plan = try ContainerPlan(parsing: "ready after 3s, print \"up\" after 3s, exit 137 OOMKilled after 10s")
        specification.attempt = plan.attempt(0)
        specification.ports = [8080]
        let handle = try tester.start(specification)
        #expect(tester.sandbox.readyTime(of: handle) == tester.now + .seconds(3))
        tester.run(for: .seconds(2))
        #expect(!tester.sandbox.accepts(port: 8080, now: tester.now))
        tester.run(for: .seconds(2))
        #expect(tester.sandbox.accepts(port: 8080, now: tester.now))
        #expect(tester.log(of: handle) == "up\n")
        tester.run(for: .seconds(10))
        #expect(tester.exit(of: handle)?.code == 137)
        #expect(tester.exit(of: handle)?.reason == "OOMKilled")
        #expect(tester.length(of: handle) == 10)
        #expect(tester.notes.isEmpty)
    }

    @Test func aPlannedContainerEndsWhenItIsAsked() throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "main", image: "example.com/app:1")
        specification.attempt = try ContainerPlan(parsing: "run").attempt(0)
        let handle = try tester.start(specification)
        tester.run(for: .seconds(60))
        tester.signal(.terminate, handle)
        #expect(tester.exit(of: handle)?.code == 0)
    }

    @Test func randomPlansAreReadOrRefused() {
        let words = [
            "run", "exit", "pull", "ready", "after", "fail", "print", "x3", "x", ",", "5s", "5", "1m", "-1s", "\"",
            "\"a\"", "1", "256",
            "OOMKilled", " ", "é", "\\", "9999999999h", "\u{0}",
        ]
        var numbers = SeededNumbers(state: 5)
        for _ in 0..<5000 {
            let count = Int.random(in: 0..<10, using: &numbers)
            let text = (0..<count).map { _ in words[Int.random(in: 0..<words.count, using: &numbers)] }.joined(
                separator: " "
            )
            guard let plan = try? ContainerPlan(parsing: text) else { continue }
            #expect((try? ContainerPlan(parsing: plan.description)) == plan)
        }
    }
}
