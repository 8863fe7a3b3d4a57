// SPDX-License-Identifier: Apache-2.0
// Which time zones are known, and that nothing but them is read.

import Glibc
import PodiumHost
import PodiumMachinery
import Testing

@Suite struct TimeZoneDatabaseTests {
    @Test func aMachineWithoutFilesKnowsUTC() {
        let zones = TimeZoneDatabase(directories: ["/nonexistent"])
        for name in ["", "UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu"] { #expect(zones.zone(name) == .utc) }
        #expect(zones.zone("Europe/Berlin") == nil)
    }

    @Test func onlyFilesOfZonesBelowTheDirectoryAreZones() throws {
        var template = Array("/tmp/podium-zones-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let directory = String(cString: made)
        defer {
            unlink("\(directory)/Here")
            rmdir(directory)
        }
        let block = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15 + 16)
        let counts: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 4]
        let body = block + counts + [0, 0, 0x0E, 0x10, 0, 0] + Array("XXX\0".utf8)
        let file = try #require(fopen("\(directory)/Here", "w"))
        let bytes = body + body + Array("\nXXX-1\n".utf8)
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        fclose(file)
        let zones = TimeZoneDatabase(directories: ["/nonexistent", directory])
        #expect(zones.zone("Here")?.offset(at: 0) == 3600)
        unlink("\(directory)/Here")
        // Read once.
        #expect(zones.zone("Here")?.offset(at: 0) == 3600)
        for name in ["There", "../etc/passwd", "/etc/passwd", ".", "a/../Here"] { #expect(zones.zone(name) == nil) }
    }
}
