// SPDX-License-Identifier: Apache-2.0
// The programs that processes run: the machine has none of its own, and is given them.

/// The programs that are simulated, and where they are found.
///
/// This is all that the machine knows of a shell and its applets: it has processes, files and signals, and asks here
/// when a command line names a program.
package struct ProgramLibrary: Sendable {
    /// Makes the program of a name from a command line that begins with the name or a path to it; nil when it is not
    /// simulated. `environment` is that of a shell the program may be.
    package typealias Maker =
        @Sendable (
            _ name: String, _ words: [String], _ environment: [EnvironmentVariable], _ machine: Machine
        ) -> (any Program)?

    /// The file systems of images, which show the programs that there are.
    let files: ImageFiles
    private let make: Maker

    /// Programs of these names.
    package init(names: [String], make: @escaping Maker) {
        files = ImageFiles(programs: names)
        self.make = make
    }

    /// The program of a name; nil when it is not simulated.
    func program(
        _ name: String,
        _ words: [String],
        _ environment: [EnvironmentVariable],
        _ machine: Machine
    ) -> (any Program)? {
        make(name, words, environment, machine)
    }
}
