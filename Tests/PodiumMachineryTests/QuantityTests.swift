// SPDX-License-Identifier: Apache-2.0
// Quantities: how texts are read, printed again, compared and calculated with.

import PodiumMachinery
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0.5", "500m"), ("1000m", "1"), ("1500m", "1500m"), ("1e3", "1e3"), ("1k", "1k"), ("0.001", "1m"),
        ("100", "100"), ("2.50", "2500m"), ("1e-3", "1e-3"), ("0.0001", "100u"), ("1n", "1n"), ("0.1n", "1n"),
        ("1000000n", "1m"), ("+1", "+1"), ("5.", "5."), ("1000M", "1G"), ("1.5Gi", "1536Mi"), ("1024Gi", "1Ti"),
        ("1E9", "1E9"), ("129e6", "129e6"), ("1.1Gi", "1181116006400m"), ("1000Ki", "1000Ki"), ("0Mi", "0"),
        ("1.0Gi", "1Gi"), ("12345678901234567890", "12345678901234567890"), ("1e30", "1e30"), ("1Ei", "1Ei"),
        ("9223372036854775808", "9223372036854775808"), ("0.1Ki", "102400m"), ("4.2M", "4200k"), ("Gi", "0"),
        (".", "0"), ("+", "0"), ("-", "0"), ("-1.5", "-1500m"), ("100Ei", "9223372036854775807"), (" 1 ", "1"),
        ("0.0000000001", "1n"), ("-0.0000000001", "-1n"), ("1000E", "1000E"), ("10e999", "10e999"),
    ])
    func printsCanonically(text: String, canonical: String) throws {
        #expect(try Quantity(text).description == canonical)
    }

    @Test(arguments: [
        ("", QuantityError.format), ("1x", .format), ("1 Gi", .format), ("1KI", .format), ("1ki", .suffix),
        ("1.2.3", .format), ("1e", .suffix), ("0x10", .format), ("1,5", .format), ("1mi", .suffix), ("   ", .format),
        ("1e99999999999999999999", .suffix),
    ])
    func refusesOtherTexts(text: String, error: QuantityError) {
        #expect(throws: error) { try Quantity(text) }
    }

    @Test func roundsValuesAwayFromZero() throws {
        #expect(try Quantity("1500m").value == 2)
        #expect(try Quantity("-1500m").value == -2)
        #expect(try Quantity("1n").milliValue == 1)
        #expect(try Quantity("2Ki").value == 2048)
        #expect(try Quantity("1e30").value == .max)
        #expect(try Quantity("-1e30").milliValue == .min)
        #expect(try Quantity("1n").roundedUp(to: -3).description == "1m")
        #expect(try Quantity("+5").roundedUp(to: -3).description == "+5")
    }

    @Test func comparesAcrossNotations() throws {
        #expect(try Quantity("1") == Quantity("1000m"))
        #expect(try Quantity("1Ki") == Quantity("1024"))
        #expect(try Quantity("1e30") > Quantity("1Ei"))
        #expect(try Quantity("-1e30") < Quantity("-1"))
        #expect(try Quantity("1") > Quantity("999999999n"))
        #expect(try Set([Quantity("1"), Quantity("1000m"), Quantity("1e0")]).count == 1)
        #expect(try Quantity("12345678901234567890123456789012345") < Quantity("12345678901234567890123456789012346"))
    }

    @Test func calculatesExactly() throws {
        #expect(try (Quantity("1Gi") + Quantity("512Mi")).description == "1536Mi")
        #expect(try (Quantity("100m") + Quantity("900m")).description == "1")
        #expect(try (Quantity.zero + Quantity("1Gi")).description == "1Gi")
        #expect(try (Quantity("1") - Quantity("1500m")).description == "-500m")
        #expect(try (Quantity("1Gi") - Quantity("1Gi")).isZero)
        #expect(try (Quantity("250m") * 4).description == "1")
        #expect(try (-Quantity("+1")).description == "-1")
        #expect(try (Quantity("1e40") + Quantity("1n")) > Quantity("1e39"))
    }

    @Test func hugeNumbersDoNotTrap() throws {
        let digits = String(repeating: "9", count: 500)
        for text in [digits, digits + "Ei", "1e9223372036854775807", "1e-9223372036854775808", "0." + digits + "Ei"] {
            let quantity = try Quantity(text)
            _ = (quantity + quantity).description
            _ = (quantity * .max).value
            _ = quantity - (quantity + Quantity(1))
            #expect(quantity > .zero)
        }
    }
}
