// SPDX-License-Identifier: Apache-2.0
// tee, and which open files can be moved in.

import PodiumMachinery
import PodiumRuntime

/// `tee`.
struct TeeProgram: Program {
    let paths: [String]
    let appends: Bool
    private var hasStarted = false
    private var code = 0

    init(paths: [String], appends: Bool) {
        self.paths = paths
        self.appends = appends
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            for (index, path) in paths.enumerated() {
                do {
                    machine.attach(try machine.open(path, appends ? .append : .write), as: 40 + index)
                } catch {
                    code = Applets.fail(&machine, "tee", path, error)
                }
            }
        }
        while !machine.mustYield {
            machine.spend()
            switch machine.read(0, limit: 8 << 10) {
            case .bytes(let bytes):
                machine.write(bytes, to: 1)
                for index in paths.indices where machine.process.files[40 + index] != nil {
                    machine.write(bytes, to: 40 + index)
                }
            case .wait(let wait): return .blocked(wait)
            case .end, .failed: return .exited(code)
            }
        }
        return .ready
    }
}

extension OpenFileTarget {
    /// Whether a program can move to another place in it, as it cannot in a stream.
    var canSeek: Bool {
        switch self {
        case .file, .snapshot, .null, .zero, .random, .full: true
        default: false
        }
    }
}
