// SPDX-License-Identifier: Apache-2.0
// How sed -i puts a new file in the place of the one that was read.

import PodiumMachinery
import PodiumRuntime

extension SedLines {
    /// The letters that make the name of a draft its own.
    private static let draftLetters = 6

    /// Puts a new file in the place of the one that was read: a link becomes a file, and other names of the old one
    /// keep what it was. A code when that cannot be.
    mutating func store(_ machine: inout Machine) -> Int? {
        let isGNU = setting.isGNU
        let target = setting.followsLinks ? machine.canonicalPath(name) ?? name : name
        let folder = target.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let start = isGNU ? (target.contains("/") ? folder + "/sed" : "./sed") : target
        let draft = start + machine.kernel.randomName(Self.draftLetters)
        let output = files.draft ?? []
        files.beginDraft(true)
        var text = isGNU ? "couldn't open temporary file \(draft)" : "can't create temp file '\(draft)'"
        do throws(Errno) {
            try machine.replace(draft, with: output)
            let old = machine.node(target)
            try machine.changeNode(draft) { node in
                guard let old else { return }
                (node.mode, node.owner, node.group) = (old.mode, old.owner, old.group)
            }
            if let suffix = setting.suffix, !suffix.isEmpty {
                let last = target.lastComponent
                let backup = isGNU && suffix.contains("*") ? suffix.replacing("*", with: last) : last + suffix
                let path = backup.contains("/") || !target.contains("/") ? backup : folder + "/" + backup
                text = isGNU ? "cannot rename \(target)" : "can't move '\(target)' to '\(path)'"
                try machine.rename(target, to: path)
            }
            text = isGNU ? "cannot rename \(draft)" : "can't move '\(draft)' to '\(target)'"
            try machine.rename(draft, to: target)
            return nil
        } catch {
            let code = Applets.fail(&machine, "sed", text, error)
            // Nothing is left behind; what cannot be removed was not made.
            try? machine.remove(draft)
            return isGNU ? InputFault.panic : code
        }
    }
}
